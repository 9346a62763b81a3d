package io.merklite.session.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.merklite.session.SessionException;
import io.merklite.session.capture.Session;
import java.util.List;

/** The suite {@code diff}. */
final class DiffCases {
    private DiffCases() {}

    static void check(JsonObject vector) throws Exception {
        var expected = vector.getAsJsonObject("expect");
        try (var connection = VectorValues.memoryDatabase(List.of("ATTACH ':memory:' AS other"), List.of())) {
            for (var sql : VectorValues.strings(vector, "main")) {
                VectorValues.run(connection, sql);
            }
            for (var sql : VectorValues.strings(vector, "other")) {
                VectorValues.run(connection, sql);
            }
            try (var session = CaptureCases.open(connection, onlyNamed(vector))) {
                if (vector.has("before")) {
                    for (var step : vector.getAsJsonArray("before")) {
                        if (step.getAsString().equals("indirect")) {
                            session.indirect(true);
                        } else {
                            VectorValues.run(connection, step.getAsString());
                        }
                    }
                }
                for (var call : expected.getAsJsonArray("calls")) {
                    assertThat(diff(session, call.getAsJsonObject()))
                            .isEqualTo(call.getAsJsonObject().get("rc").getAsString());
                }
                if (expected.has("parsed")) {
                    assertThat(VectorValues.parsed(session.changeset().toByteArray()))
                            .isEqualTo(expected.getAsJsonArray("parsed"));
                }
                if (expected.has("patchset")) {
                    assertThat(VectorValues.parsed(session.patchset().toByteArray()))
                            .isEqualTo(VectorValues.parsed(VectorValues.hex(expected.get("patchset"))));
                }
            }
        }
    }

    /** A diff session attaches what it is told to, nothing else. */
    private static JsonObject onlyNamed(JsonObject vector) {
        var copy = vector.deepCopy();
        var options = copy.has("session") ? copy.getAsJsonObject("session") : new JsonObject();
        if (!options.has("tables") && !options.has("filter")) {
            options.add("tables", new JsonArray());
        }
        copy.add("session", options);
        return copy;
    }

    private static String diff(Session session, JsonObject call) {
        try {
            session.diff(call.get("from").getAsString(), call.get("table").getAsString());
            return "SQLITE_OK";
        } catch (SessionException e) {
            return e.resultCode() == 17 ? "SQLITE_SCHEMA" : e.toString();
        }
    }
}
