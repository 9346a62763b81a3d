package io.merklite.session.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.merklite.session.SessionException;
import io.merklite.session.apply.ApplyOptions;
import io.merklite.session.apply.ApplyOutcome;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.Conflict;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.apply.Resolution;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The suites {@code apply-*}. */
final class ApplyCases {
    private static final Map<Integer, String> RESULT_CODES = Map.of(
            0, "SQLITE_OK",
            1, "SQLITE_ERROR",
            4, "SQLITE_ABORT",
            11, "SQLITE_CORRUPT",
            17, "SQLITE_SCHEMA",
            19, "SQLITE_CONSTRAINT",
            20, "SQLITE_MISMATCH",
            21, "SQLITE_MISUSE");

    private ApplyCases() {}

    private record Actual(String resultCode, JsonArray conflicts, String rebase, Map<String, List<String>> tables) {}

    /** Something to apply to. */
    @FunctionalInterface
    interface Target {
        ApplyOutcome apply(byte[] changeset, ApplyOptions options, ConflictHandler handler);
    }

    static void check(JsonObject vector) throws Exception {
        check(vector, run(vector));
    }

    /** The same on a {@link MemoryTarget}, for the cases that it fits. */
    static void checkInMemory(JsonObject vector) throws Exception {
        check(vector, runInMemory(vector));
    }

    private static void check(JsonObject vector, Actual actual) {
        List<JsonObject> allowed = new ArrayList<>(List.of(vector.getAsJsonObject("expect")));
        if (vector.has("also_right")) {
            vector.getAsJsonArray("also_right").forEach(element -> allowed.add(element.getAsJsonObject()));
        }
        AssertionError first = null;
        for (var expected : allowed) {
            var recorded = expected == allowed.getFirst() && !vector.has("class");
            try {
                compare(actual, expected, recorded);
                return;
            } catch (AssertionError e) {
                first = first == null ? e : first;
            }
        }
        throw first;
    }

    /** @param recorded whether the outcome was recorded in full; what was written by hand leaves out what is free */
    private static void compare(Actual actual, JsonObject expected, boolean recorded) {
        if (expected.has("rc")) {
            assertThat(actual.resultCode()).isEqualTo(expected.get("rc").getAsString());
        }
        if (expected.has("error")) {
            assertThat(actual.resultCode()).isNotEqualTo("SQLITE_OK");
        }
        if (expected.has("conflicts")) {
            assertThat(actual.conflicts()).isEqualTo(expected.getAsJsonArray("conflicts"));
        }
        if (expected.has("rebase")) {
            assertThat(actual.rebase()).isEqualTo(expected.get("rebase").getAsString());
        } else if (recorded) {
            assertThat(actual.rebase()).isEmpty();
        }
        assertThat(actual.tables()).isEqualTo(VectorValues.tables(expected.getAsJsonObject("tables")));
    }

    private static Actual run(JsonObject vector) throws SQLException {
        try (var connection = VectorValues.memoryDatabase(
                        VectorValues.strings(vector, "schema"), VectorValues.strings(vector, "setup"));
                var applier = new ChangesetApplier(connection)) {
            for (var sql : VectorValues.strings(vector, "before")) {
                VectorValues.run(connection, sql);
            }
            var actual = apply(vector, applier::apply);
            after(connection, vector);
            for (var table : tableNames(vector)) {
                actual.tables().put(table, VectorValues.rows(connection, table));
            }
            return actual;
        }
    }

    private static Actual runInMemory(JsonObject vector) throws SQLException {
        var memory = MemoryTarget.of(vector);
        var actual = apply(vector, memory::apply);
        for (var table : tableNames(vector)) {
            actual.tables()
                    .put(
                            table,
                            memory.rows(table).stream()
                                    .map(row -> VectorValues.json(row).toString())
                                    .sorted()
                                    .toList());
        }
        return actual;
    }

    /** Applies; the tables are still to be read. */
    private static Actual apply(JsonObject vector, Target target) {
        var conflicts = new JsonArray();
        var resultCode = "SQLITE_OK";
        var rebase = "";
        try {
            var outcome = target.apply(
                    VectorValues.hex(vector.get("changeset")),
                    options(vector),
                    conflict -> resolve(vector, conflict, conflicts));
            rebase = HexFormat.of().formatHex(outcome.rebase().toByteArray());
        } catch (SessionException e) {
            resultCode = RESULT_CODES.getOrDefault(e.resultCode(), e.toString());
        }
        return new Actual(resultCode, conflicts, rebase, new LinkedHashMap<>());
    }

    private static Set<String> tableNames(JsonObject vector) {
        return vector.getAsJsonObject("expect").getAsJsonObject("tables").keySet();
    }

    private static void after(Connection connection, JsonObject vector) throws SQLException {
        if (!vector.has("after")) {
            return;
        }
        for (var step : vector.getAsJsonArray("after")) {
            if (step.isJsonPrimitive()) {
                VectorValues.run(connection, step.getAsString());
                continue;
            }
            var sql = step.getAsJsonObject().get("sql").getAsString();
            try {
                VectorValues.run(connection, sql);
            } catch (SQLException e) {
                assertThat(RESULT_CODES.get(e.getErrorCode() & 0xff))
                        .as(sql)
                        .isEqualTo(step.getAsJsonObject().get("fails").getAsString());
                continue;
            }
            throw new AssertionError(sql + " should have failed");
        }
    }

    private static ApplyOptions options(JsonObject vector) {
        var options = ApplyOptions.DEFAULTS.recordingRebase();
        for (var flag : VectorValues.strings(vector, "flags")) {
            options = switch (flag) {
                case "nosavepoint" -> options.withoutSavepoint();
                case "invert" -> options.inverted();
                case "ignore_noop" -> options.ignoringNoOps();
                case "fk_no_action" -> options.withoutForeignKeyActions();
                case "no_update_loop" -> options.withoutResolvingUpdateLoops();
                default -> throw new IllegalArgumentException("flag " + flag);
            };
        }
        if (vector.has("filter")) {
            var accepted = Set.copyOf(VectorValues.strings(vector, "filter"));
            options = options.filteringTables(accepted::contains);
        }
        return options;
    }

    private static Resolution resolve(JsonObject vector, Conflict conflict, JsonArray conflicts) {
        var type = conflict.type().name().replace("NOT_FOUND", "NOTFOUND");
        var action = action(vector, type, conflicts.size());
        var call = new JsonObject();
        call.addProperty("type", type);
        switch (conflict) {
            case Conflict.OfChange change -> {
                call.addProperty("table", change.table());
                VectorValues.json(change.change())
                        .entrySet()
                        .forEach(entry -> call.add(entry.getKey(), entry.getValue()));
                change.conflictingRow().ifPresent(row -> call.add("conflict", VectorValues.json(row)));
            }
            case Conflict.OfForeignKeys keys -> call.addProperty("fk_conflicts", keys.violationCount());
        }
        call.add("action", new JsonPrimitive(action.equals("INVALID") ? "OTHER" : action));
        conflicts.add(call);
        return switch (action) {
            case "OMIT" -> Resolution.OMIT;
            case "REPLACE" -> Resolution.REPLACE;
            case "ABORT" -> Resolution.ABORT;
            default -> null;
        };
    }

    private static String action(JsonObject vector, String type, int call) {
        if (vector.has("actions") && call < vector.getAsJsonArray("actions").size()) {
            JsonElement action = vector.getAsJsonArray("actions").get(call);
            return action.getAsString();
        }
        return vector.getAsJsonObject("policy").get(type).getAsString();
    }
}
