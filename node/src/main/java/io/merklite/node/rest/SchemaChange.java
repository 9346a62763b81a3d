package io.merklite.node.rest;

import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.schema.plan.MigrationPlan;
import io.merklite.schema.plan.Operation;
import io.merklite.schema.structure.Schema;
import io.merklite.schema.text.SqlTokens;
import io.merklite.schema.text.Token;
import io.merklite.sync.vector.VersionVector;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

/**
 * The schema of a database, read and migrated through SQL, as any client could.
 *
 * <p>A migration reads the schema, plans and carries the plan out in one write transaction: nobody changes the schema in
 * between. Foreign keys are off meanwhile, and checked before it commits.
 */
final class SchemaChange {
    /** What is Merklite's or SQLite's own is no part of it. Tables come first, then what refers to them. */
    private static final SqlStatement READ = SqlStatement.of("""
            SELECT sql FROM sqlite_master
            WHERE sql IS NOT NULL AND name NOT LIKE '\\_merklite\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
            ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, name
            """);

    /** Names that a plan uses for a while and clients may not. */
    private static final String OWN_PREFIX = "_merklite_";

    private static final String PASSING_PREFIX = "merklite_";

    private final RestApi.Parts parts;

    /** What a migration may do beyond additions. */
    enum Risk {
        /** Copies a table. */
        REBUILD,
        /** Loses a table, a column, or an index, view or trigger. */
        DESTRUCTIVE,
        /** Fails if the rows that are there do not fit. */
        DATA_DEPENDENT;

        /** How requests say it. */
        String id() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        static Risk of(String id) {
            for (var risk : values()) {
                if (risk.id().equals(id)) {
                    return risk;
                }
            }
            throw RestCall.invalid("allow", "a list of rebuild, destructive, data-dependent");
        }

        /** The risks of a plan. */
        static Set<Risk> of(MigrationPlan plan) {
            return plan.operations().stream()
                    .flatMap(operation -> of(operation).stream())
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(Risk.class)));
        }

        static Set<Risk> of(Operation operation) {
            var risks = EnumSet.noneOf(Risk.class);
            if (operation.requiresRebuild()) {
                risks.add(REBUILD);
            }
            if (operation.isDestructive()) {
                risks.add(DESTRUCTIVE);
            }
            if (operation.isDataDependent()) {
                risks.add(DATA_DEPENDENT);
            }
            return risks;
        }
    }

    /**
     * The schema that a database has.
     *
     * @param schema it
     * @param bookmark where the read was
     */
    record Present(Schema schema, VersionVector bookmark) {}

    /**
     * What a migration did.
     *
     * @param plan empty if nothing was to be done
     * @param schema that the database has now
     * @param bookmark where the migration is
     */
    record Migrated(MigrationPlan plan, Schema schema, VersionVector bookmark) {}

    SchemaChange(RestApi.Parts parts) {
        this.parts = parts;
    }

    /** What a text of SQL makes of an empty database. */
    CompletionStage<Schema> parse(String ddl) {
        return CompletableFuture.supplyAsync(() -> Schema.parse(ddl), parts.blocking());
    }

    CompletionStage<Present> present(String database, StreamOptions options) {
        var stream = parts.node().stream(database, options);
        return AllOrNothing.run(stream, List.of(READ), true)
                .thenCompose(results -> parse(ddl(results.getFirst())))
                .thenApply(schema -> new Present(schema, stream.bookmark()));
    }

    private static String ddl(StatementResult result) {
        return result.rows().stream()
                .map(row -> row.getFirst() instanceof SqlValue.Text(var sql) ? sql + "\n;\n" : "")
                .collect(Collectors.joining());
    }

    /**
     * Migrates to {@code wanted}.
     *
     * @param allowed what the plan may do; it is refused if it does more
     */
    CompletionStage<Migrated> migrate(String database, StreamOptions options, Schema wanted, Set<Risk> allowed) {
        var stream = parts.node().stream(database, options);
        var begin = List.of(SqlStatement.of("PRAGMA foreign_keys = OFF"), SqlStatement.of("BEGIN IMMEDIATE"), READ);
        return AllOrNothing.run(stream, begin, false)
                .thenCompose(results -> parse(ddl(results.getLast())))
                .thenCompose(present -> apply(stream, MigrationPlan.between(present, wanted), allowed))
                .thenApply(plan -> new Migrated(plan, wanted, stream.bookmark()))
                .whenComplete((migrated, failure) -> stream.close());
    }

    private static CompletionStage<MigrationPlan> apply(SqlStream stream, MigrationPlan plan, Set<Risk> allowed) {
        for (var operation : plan.operations()) {
            var refused = Risk.of(operation);
            refused.removeAll(allowed);
            if (!refused.isEmpty()) {
                throw RestCall.refused(
                        409,
                        "SCHEMA_CHANGE_REFUSED",
                        operation.label() + ": permit it with ?allow="
                                + Risk.of(plan).stream().map(Risk::id).collect(Collectors.joining(",")));
            }
        }
        if (plan.isEmpty()) {
            return AllOrNothing.run(stream, List.of(SqlStatement.of("ROLLBACK")), true)
                    .thenApply(done -> plan);
        }
        var statements = new ArrayList<>(statements(plan));
        statements.add(SqlStatement.of("PRAGMA foreign_key_check"));
        return AllOrNothing.run(stream, statements, false)
                .thenCompose(results -> {
                    requireSound(results.getLast());
                    return AllOrNothing.run(stream, List.of(SqlStatement.of("COMMIT")), true);
                })
                .thenApply(done -> plan);
    }

    private static void requireSound(StatementResult violations) {
        if (!violations.rows().isEmpty()
                && violations.rows().getFirst().getFirst() instanceof SqlValue.Text(var table)) {
            throw RestCall.refused(
                    409,
                    "SQLITE_CONSTRAINT",
                    "rows of " + table
                            + " would refer to rows that are not there: mend them first; nothing was changed");
        }
    }

    private static List<SqlStatement> statements(MigrationPlan plan) {
        return plan.operations().stream()
                .flatMap(operation -> operation.sql().stream())
                .map(SchemaChange::forClients)
                .flatMap(Optional::stream)
                .map(SqlStatement::of)
                .toList();
    }

    /**
     * A statement of a plan as a client may send it: passing names are other ones, and settings of the connection are left
     * as they are. Without {@code legacy_alter_table} SQLite refuses to rebuild a table that views or triggers read.
     */
    private static Optional<String> forClients(String sql) {
        var tokens = SqlTokens.of(sql);
        if (!tokens.isEmpty() && tokens.getFirst().is("PRAGMA")) {
            return Optional.empty();
        }
        var text = new StringBuilder();
        var end = 0;
        for (Token token : tokens) {
            text.append(sql, end, token.start());
            text.append(token.isName() && token.name().startsWith(OWN_PREFIX) ? passing(token) : token.text());
            end = token.end();
        }
        return Optional.of(text.append(sql, end, sql.length()).toString());
    }

    private static String passing(Token token) {
        return token.text().replace(OWN_PREFIX, PASSING_PREFIX);
    }
}
