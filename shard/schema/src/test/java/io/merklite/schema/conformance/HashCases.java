package io.merklite.schema.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.merklite.schema.structure.Schema;

/** Cases of two texts whose hashes are equal, or are not. */
final class HashCases {
    private HashCases() {}

    static void check(JsonObject vector) {
        var one = Schema.parse(vector.get("a").getAsString());
        var other = Schema.parse(vector.get("b").getAsString());

        var expected = vector.getAsJsonObject("expect").get("equal").getAsBoolean();
        assertThat(one.hash().equals(other.hash())).isEqualTo(expected);
        assertThat(one.equals(other)).isEqualTo(expected);
    }
}
