package io.merklite.session.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.merklite.session.SessionException;
import io.merklite.session.SessionException.MalformedChangeset;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.apply.Resolution;
import io.merklite.session.catalog.DatabaseSchema;
import io.merklite.session.changeset.ChangeGroup;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.Inversion;
import io.merklite.session.changeset.Rebaser;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** The suites {@code concat}, {@code rebase} and {@code malformed}: bytes in, bytes out. */
final class ChangeCases {
    private static final Map<Integer, String> RESULT_CODES =
            Map.of(1, "SQLITE_ERROR", 11, "SQLITE_CORRUPT", 17, "SQLITE_SCHEMA");

    private ChangeCases() {}

    static void checkConcat(JsonObject vector) throws Exception {
        var expected = vector.getAsJsonObject("expect");
        try (var connection = VectorValues.memoryDatabase(VectorValues.strings(vector, "schema"), List.of())) {
            var group =
                    vector.has("schema") ? new ChangeGroup(new DatabaseSchema(connection, "main")) : new ChangeGroup();
            var inputs = VectorValues.strings(vector, "inputs");
            var patchset = false;
            for (var i = 0; i < inputs.size(); i++) {
                var input = HexFormat.of().parseHex(inputs.get(i));
                patchset |= input.length > 0 && input[0] == 'P';
                try {
                    group.add(input);
                } catch (SessionException e) {
                    assertThat(RESULT_CODES.get(e.resultCode()))
                            .as(e.getMessage())
                            .isEqualTo(expected.get("error").getAsString());
                    assertThat(i).isEqualTo(expected.get("failed_input").getAsInt());
                    return;
                }
            }
            assertThat(expected.has("error")).as("should have failed").isFalse();
            var result = patchset
                    ? group.patchset().toByteArray()
                    : group.changeset().toByteArray();
            assertThat(VectorValues.parsed(result)).isEqualTo(expected.getAsJsonArray("parsed"));
            assertThat(HexFormat.of().formatHex(result))
                    .isEqualTo(expected.get("hex").getAsString());
        }
    }

    static void checkRebase(JsonObject vector) throws Exception {
        var expected = vector.getAsJsonObject("expect");
        var rebaser = new Rebaser();
        byte[] rebased;
        try {
            VectorValues.strings(vector, "blobs")
                    .forEach(blob -> rebaser.configure(HexFormat.of().parseHex(blob)));
            rebased = rebaser.rebase(VectorValues.hex(vector.get("local")));
        } catch (SessionException e) {
            assertThat(RESULT_CODES.get(e.resultCode()))
                    .isEqualTo(expected.get("error").getAsString());
            return;
        }
        assertThat(HexFormat.of().formatHex(rebased))
                .isEqualTo(expected.get("hex").getAsString());
        if (vector.has("applies_cleanly_to_remote")
                && vector.get("applies_cleanly_to_remote").getAsBoolean()) {
            checkAppliesToRemote(vector, rebased);
        }
    }

    private static void checkAppliesToRemote(JsonObject vector, byte[] rebased) throws Exception {
        var schema = VectorValues.strings(vector, "schema");
        var setup = VectorValues.strings(vector, "setup");
        try (var local = VectorValues.memoryDatabase(schema, setup);
                var remote = VectorValues.memoryDatabase(schema, setup);
                var toLocal = new ChangesetApplier(local);
                var toRemote = new ChangesetApplier(remote)) {
            for (var sql : VectorValues.strings(vector, "local_sql")) {
                VectorValues.run(local, sql);
            }
            for (var change : vector.getAsJsonArray("remote")) {
                var bytes = VectorValues.hex(change.getAsJsonObject().get("changeset"));
                toRemote.apply(bytes, ConflictHandler.ABORT);
                toLocal.apply(
                        bytes,
                        conflict -> Resolution.valueOf(vector.getAsJsonObject("policy")
                                .get(conflict.type().name().replace("NOT_FOUND", "NOTFOUND"))
                                .getAsString()));
            }
            toRemote.apply(rebased, ConflictHandler.ABORT);
            assertThat(VectorValues.rows(remote, "t")).isEqualTo(VectorValues.rows(local, "t"));
        }
    }

    static void checkMalformed(JsonObject vector) throws Exception {
        var bytes = VectorValues.hex(vector.get("hex"));
        switch (vector.get("expect").getAsString()) {
            case "accept" -> assertThat(VectorValues.parsed(bytes)).isEqualTo(vector.getAsJsonArray("parsed"));
            case "reject" -> checkRejected(vector, bytes);
            default -> {
                try {
                    VectorValues.parsed(bytes);
                } catch (MalformedChangeset e) {
                    checkRejected(vector, bytes);
                }
            }
        }
        if (vector.has("prefixes")) {
            checkPrefixes(vector, bytes);
        }
    }

    private static void checkPrefixes(JsonObject vector, byte[] bytes) throws Exception {
        var complete = vector.getAsJsonArray("prefixes");
        for (var length = 0; length < bytes.length; length++) {
            var prefix = Arrays.copyOf(bytes, length);
            if (complete.contains(new JsonPrimitive(length))) {
                VectorValues.parsed(prefix);
            } else {
                checkRejected(vector, prefix);
            }
        }
    }

    private static void checkRejected(JsonObject vector, byte[] bytes) throws Exception {
        assertThatThrownBy(() -> walk(bytes)).isInstanceOf(MalformedChangeset.class);
        assertCorrupt(() -> Inversion.invert(bytes));
        assertCorrupt(() -> new ChangeGroup().add(bytes));
        var schema = vector.has("apply_schema")
                ? VectorValues.strings(vector, "apply_schema")
                : List.of("CREATE TABLE t(a INTEGER PRIMARY KEY, b, c)");
        try (var connection = VectorValues.memoryDatabase(schema, List.of());
                var applier = new ChangesetApplier(connection)) {
            var before = VectorValues.rows(connection, "sqlite_schema");
            assertCorrupt(() -> applier.apply(bytes, ConflictHandler.REPLACE));
            assertThat(VectorValues.rows(connection, "sqlite_schema")).isEqualTo(before);
            assertThat(VectorValues.rows(connection, "t")).isEmpty();
        }
    }

    private static void walk(byte[] bytes) {
        var cursor = new ChangesetCursor(bytes);
        while (cursor.next()) {
            cursor.row();
        }
    }

    private static void assertCorrupt(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SessionException.class, e -> assertThat(e.resultCode()).isEqualTo(11));
    }
}
