package io.merklite.schema.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.merklite.schema.SchemaException;
import io.merklite.schema.migrate.Allow;
import io.merklite.schema.migrate.SchemaMigrator;
import io.merklite.schema.plan.MigrationPlan;
import io.merklite.schema.plan.Operation;
import io.merklite.schema.plan.RedundantIndex;
import io.merklite.schema.structure.Schema;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Cases of a migration, as the README of the golden cases describes them. */
final class MigrationCases {
    private MigrationCases() {}

    static void check(JsonObject vector) throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:")) {
            if (isTrue(vector, "foreign_keys")) {
                run(connection, "PRAGMA foreign_keys=ON");
            }
            if (vector.has("from_raw")) {
                runAll(connection, vector, "from_raw");
            } else {
                new SchemaMigrator(connection)
                        .migrate(Schema.parse(vector.get("from").getAsString()), Allow.everything());
            }
            runAll(connection, vector, "seed");
            runAll(connection, vector, "tamper");
            var before = StoredSchema.read(connection);
            var attempt = Attempt.migrate(connection, vector.get("to").getAsString(), allowed(vector));
            if (vector.has("retry_after")) {
                assertThat(attempt.failure()).as("first attempt fails").isPresent();
                runAll(connection, vector, "retry_after");
                attempt = Attempt.migrate(connection, vector.get("to").getAsString(), allowed(vector));
            }
            attempt.check(vector, connection, before);
        }
    }

    static void checkPlanJson(JsonObject vector) throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:")) {
            run(connection, vector.get("setup").getAsString());
            runAll(connection, vector, "seed");
            var before = StoredSchema.read(connection);
            Attempt.apply(connection, vector.get("plan_json").getAsString(), allowed(vector))
                    .check(vector, connection, before);
        }
    }

    /** What came of a migration: a plan that was applied, or a failure. */
    private record Attempt(Optional<MigrationPlan> plan, Optional<SchemaException> failure) {
        static Attempt migrate(Connection connection, String ddl, Set<Allow> allowed) {
            try {
                return new Attempt(
                        Optional.of(new SchemaMigrator(connection).migrate(Schema.parse(ddl), allowed)),
                        Optional.empty());
            } catch (SchemaException e) {
                return new Attempt(Optional.empty(), Optional.of(e));
            }
        }

        static Attempt apply(Connection connection, String json, Set<Allow> allowed) {
            try {
                var plan = MigrationPlan.fromJson(json);
                new SchemaMigrator(connection).apply(plan, allowed);
                return new Attempt(Optional.of(plan), Optional.empty());
            } catch (SchemaException e) {
                return new Attempt(Optional.empty(), Optional.of(e));
            }
        }

        void check(JsonObject vector, Connection connection, JsonObject before) throws SQLException {
            var expect = vector.getAsJsonObject("expect");
            if (failure.isPresent() && (isTrue(vector, "or_error") || isTrue(expect, "or_error"))) {
                assertThat(StoredSchema.read(connection)).as("nothing changed").isEqualTo(before);
                return;
            }
            if (failure.isEmpty() && expect.has("error") && (isTrue(vector, "or_ok") || isTrue(expect, "or_ok"))) {
                return;
            }
            if (expect.has("error")) {
                assertThat(failure).as("an error").isPresent();
                assertThat(strings(expect.get("error"))).contains(kind(failure.get()));
            } else if (failure.isPresent()) {
                throw new AssertionError("failed: " + failure.get(), failure.get());
            }
            checkSchema(expect, connection, vector);
            if (expect.has("version")) {
                assertThat(new SchemaMigrator(connection).version())
                        .isEqualTo(expect.get("version").getAsLong());
            }
            if (expect.has("foreign_keys_after")) {
                assertThat(StoredSchema.number(connection, "PRAGMA foreign_keys"))
                        .isEqualTo(expect.get("foreign_keys_after").getAsLong());
            }
            plan.ifPresent(made -> checkPlan(expect, vector, made));
        }

        private static void checkSchema(JsonObject expect, Connection connection, JsonObject vector)
                throws SQLException {
            if (!expect.has("schema")) {
                return;
            }
            var ignoresCase = isTrue(expect, "names_ignore_case") || isTrue(vector, "names_ignore_case");
            var actual = StoredSchema.canonical(StoredSchema.read(connection), ignoresCase);
            List<JsonElement> accepted = new ArrayList<>();
            accepted.add(StoredSchema.canonical(expect.getAsJsonObject("schema"), ignoresCase));
            for (var holder : List.of(expect, vector)) {
                if (holder.has("or_schema")) {
                    accepted.add(StoredSchema.canonical(holder.getAsJsonObject("or_schema"), ignoresCase));
                }
            }
            assertThat(actual).isIn(accepted);
            for (var holder : List.of(expect, vector)) {
                if (holder.has("sql_contains")) {
                    var stored = StoredSchema.definitions(connection).replaceAll("\\s", "");
                    assertThat(strings(holder.get("sql_contains")))
                            .allMatch(text -> stored.contains(text.replaceAll("\\s", "")));
                }
            }
        }

        private static void checkPlan(JsonObject expect, JsonObject vector, MigrationPlan made) {
            if (expect.has("plan")) {
                var ignored = vector.has("plan_flags_ignored") ? vector : expect;
                var flags = ignored.has("plan_flags_ignored")
                        ? strings(ignored.get("plan_flags_ignored"))
                        : List.<String>of();
                var actual = made.operations().stream()
                        .map(operation -> form(operation, flags))
                        .toList();
                var wanted = expect.getAsJsonArray("plan").asList().stream()
                        .map(element -> form(element.getAsJsonObject(), flags))
                        .toList();
                if (isTrue(expect, "plan_ordered") || isTrue(vector, "plan_ordered")) {
                    assertThat(actual).containsExactlyElementsOf(wanted);
                } else {
                    assertThat(actual).containsExactlyInAnyOrderElementsOf(wanted);
                }
            }
            if (expect.has("warnings")) {
                assertThat(made.warnings())
                        .containsExactlyElementsOf(expect.getAsJsonArray("warnings").asList().stream()
                                .map(JsonElement::getAsJsonObject)
                                .map(warning -> new RedundantIndex(
                                        warning.get("index").getAsString(),
                                        warning.get("covered_by").getAsString(),
                                        warning.get("table").getAsString()))
                                .toList());
            } else if (!vector.has("class") || vector.get("class").getAsString().equals("match")) {
                assertThat(made.warnings()).isEmpty();
            }
        }

        private static String form(Operation operation, List<String> ignored) {
            return form(
                    operation.type().jsonName(),
                    operation.objectName(),
                    ignored,
                    operation.isDestructive(),
                    operation.requiresRebuild(),
                    operation.loosensOnly(),
                    operation.isDataDependent());
        }

        private static String form(JsonObject operation, List<String> ignored) {
            return form(
                    operation.get("type").getAsString(),
                    operation.get("object").getAsString(),
                    ignored,
                    isTrue(operation, "destructive"),
                    isTrue(operation, "rebuild"),
                    isTrue(operation, "loosens"),
                    isTrue(operation, "data_dependent"));
        }

        private static String form(String type, String object, List<String> ignored, boolean... values) {
            var names = List.of("destructive", "rebuild", "loosens", "data_dependent");
            var text = new StringBuilder(type + " " + object);
            for (var i = 0; i < values.length; i++) {
                if (values[i] && !ignored.contains(names.get(i))) {
                    text.append(' ').append(names.get(i));
                }
            }
            return text.toString();
        }
    }

    private static String kind(SchemaException failure) {
        return switch (failure) {
            case SchemaException.ParseFailed e -> "parse";
            case SchemaException.ExtractFailed e -> "extract";
            case SchemaException.DiffFailed e -> "diff";
            case SchemaException.RebuildRefused e -> "rebuild";
            case SchemaException.BreakingChange e -> "breaking_change";
            case SchemaException.DestructiveRefused e -> "destructive";
            case SchemaException.Drifted e -> "drift";
            case SchemaException.ApplyFailed e -> "apply";
            case SchemaException.TransactionOpen e -> "apply";
            case SchemaException.MalformedJson e -> "json";
            case SchemaException.Unmergeable e -> "error";
            case SchemaException.DatabaseFailure e -> "error";
        };
    }

    private static Set<Allow> allowed(JsonObject vector) {
        var allowed = EnumSet.noneOf(Allow.class);
        strings(vector.get("allow")).forEach(name -> allowed.add(Allow.valueOf(name.toUpperCase(Locale.ROOT))));
        return allowed;
    }

    private static List<String> strings(JsonElement array) {
        return array == null
                ? List.of()
                : ((JsonArray) array)
                        .asList().stream().map(JsonElement::getAsString).toList();
    }

    private static boolean isTrue(JsonObject object, String name) {
        return object.has(name) && object.get(name).getAsBoolean();
    }

    private static void runAll(Connection connection, JsonObject vector, String name) throws SQLException {
        var given = vector.get(name);
        if (given != null && given.isJsonPrimitive()) {
            run(connection, given.getAsString());
        } else {
            for (var sql : strings(given)) {
                run(connection, sql);
            }
        }
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }
}
