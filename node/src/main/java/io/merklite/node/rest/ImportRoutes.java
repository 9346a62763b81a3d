package io.merklite.node.rest;

import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.SqlStep;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StepCondition;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.cluster.transfer.PlainFile;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.http.Access.Right;
import io.merklite.node.http.Bookmark;
import io.merklite.node.http.RefusedException;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.schema.text.SqlTokens;
import io.merklite.sync.vector.VersionVector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.stream.javadsl.FileIO;

/**
 * Fills a new database from a SQLite file or from SQL.
 *
 * <p>Rows become new writes, which replicate like any other. Those of a file are committed a few thousand at a time, since a
 * transaction is held in memory by every replica; so one that fails in the middle leaves a database with a part of the
 * rows, which the answer says. SQL is one transaction, unless it has its own.
 */
final class ImportRoutes {
    private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
    private static final int ROWS_PER_COMMIT = 2000;
    private static final long BYTES_PER_COMMIT = 4L << 20;
    private static final SqlStatement COUNT = SqlStatement.of("""
            SELECT count(*) FROM sqlite_master
            WHERE name NOT LIKE '\\_merklite\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
            """);
    private static final SqlStatement NOTHING = SqlStatement.of("SELECT 1");
    private static final SqlStatement FOREIGN_KEYS_OFF = SqlStatement.of("PRAGMA foreign_keys = OFF");

    private final RestApi.Parts parts;
    private final Path folder;

    ImportRoutes(RestApi.Parts parts) {
        this.parts = parts;
        folder = Path.of(parts.system().settings().config().getString("merklite.data-directory"));
    }

    List<Route> routes() {
        return List.of(Route.of("POST", "/v1/databases/{name}/import", Right.ADMIN, this::fill));
    }

    private CompletionStage<HttpResponse> fill(RestCall call) {
        var name = call.database();
        return requireEmpty(name)
                .thenCompose(empty -> blocking(() -> temporaryFile(folder)))
                .thenCompose(file -> receive(call, file)
                        .thenApply(received -> blocking(() -> isDatabase(file))
                                .thenCompose(isDatabase -> isDatabase ? fromFile(name, file) : fromText(name, file))
                                .whenCompleteAsync((response, failure) -> delete(file), parts.blocking()))
                        .whenCompleteAsync((work, failure) -> deleteIf(failure != null, file), parts.blocking()))
                .thenCompose(work -> LateAnswer.of(work, parts));
    }

    private CompletionStage<Void> requireEmpty(String name) {
        return AllOrNothing.run(parts.node().stream(name, StreamOptions.DEFAULTS), List.of(COUNT), true)
                .thenAccept(results -> {
                    if (!results.getFirst().rows().getFirst().getFirst().equals(SqlValue.of(0))) {
                        throw RestCall.refused(
                                409,
                                "DATABASE_NOT_EMPTY",
                                "the database has a schema already: import into a new one, and copy from there");
                    }
                });
    }

    // ---- the body

    private <T> CompletionStage<T> blocking(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, parts.blocking());
    }

    private static Path temporaryFile(Path folder) {
        try {
            return Files.createTempFile(folder, "import-", ".part");
        } catch (IOException e) {
            throw new UncheckedIOException("making a file in " + folder, e);
        }
    }

    private CompletionStage<?> receive(RestCall call, Path file) {
        return call.request()
                .entity()
                .withSizeLimit(parts.settings().maxImportSizeBytes())
                .getDataBytes()
                .runWith(FileIO.toPath(file), parts.materializer())
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(
                        isTooLarge(failure)
                                ? RestCall.refused(
                                        413,
                                        "BODY_TOO_LARGE",
                                        "a file may have " + parts.settings().maxImportSizeBytes()
                                                + " bytes: raise merklite.rest.max-import-size")
                                : failure));
    }

    private static boolean isTooLarge(Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof EntityStreamSizeException) {
                return true;
            }
        }
        return false;
    }

    private static boolean isDatabase(Path file) {
        try (var in = Files.newInputStream(file)) {
            return Arrays.equals(in.readNBytes(MAGIC.length), MAGIC);
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + file, e);
        }
    }

    private static void deleteIf(boolean isOver, Path file) {
        if (isOver) {
            delete(file);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("deleting " + file, e);
        }
    }

    // ---- a file

    private CompletionStage<HttpResponse> fromFile(String name, Path file) {
        return blocking(() -> PlainFile.open(file)).thenCompose(source -> {
            var stream = parts.node().stream(name, StreamOptions.DEFAULTS);
            var tables = new ArrayList<>(List.of(FOREIGN_KEYS_OFF));
            source.tables().forEach(sql -> tables.add(SqlStatement.of(sql)));
            return inTransaction(stream, tables)
                    .thenCompose(made -> copyRows(stream, source, 0))
                    .thenCompose(count -> {
                        var others =
                                source.others().stream().map(SqlStatement::of).toList();
                        return inTransaction(stream, others)
                                .thenApply(done -> answer(stream.bookmark(), count, source.skipped()));
                    })
                    .whenCompleteAsync(
                            (response, failure) -> {
                                stream.close();
                                source.close();
                            },
                            parts.blocking());
        });
    }

    private CompletionStage<Long> copyRows(SqlStream stream, PlainFile source, long count) {
        return blocking(() -> source.nextRows(ROWS_PER_COMMIT, BYTES_PER_COMMIT))
                .thenCompose(rows -> rows.isEmpty()
                        ? CompletableFuture.completedFuture(count)
                        : inTransaction(stream, rows)
                                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(partly(failure, count)))
                                .thenComposeAsync(
                                        done -> copyRows(stream, source, count + rows.size()), parts.executor()));
    }

    private static Throwable partly(Throwable failure, long count) {
        var refusal = RestFailures.refusal(failure);
        return RestCall.refused(
                refusal.status(),
                refusal.code(),
                refusal.message() + "; " + count + " rows are there: drop the database before you try again");
    }

    /** A setting of the connection goes before the transaction, in which it would have no effect. */
    private static CompletionStage<?> inTransaction(SqlStream stream, List<SqlStatement> statements) {
        List<SqlStatement> all = new ArrayList<>();
        var hasSetting = !statements.isEmpty() && statements.getFirst().equals(FOREIGN_KEYS_OFF);
        if (hasSetting) {
            all.add(FOREIGN_KEYS_OFF);
        }
        all.add(SqlStatement.of("BEGIN IMMEDIATE"));
        all.addAll(hasSetting ? statements.subList(1, statements.size()) : statements);
        all.add(SqlStatement.of("COMMIT"));
        return AllOrNothing.run(stream, all, false);
    }

    private static HttpResponse answer(VersionVector bookmark, long rowCount, List<String> skipped) {
        var json = new JsonWriter(128).beginObject().name("rowCount").value(rowCount);
        json.name("skippedTables").beginArray();
        skipped.forEach(json::value);
        json.endArray().name("bookmark").value(Bookmark.encode(bookmark)).endObject();
        return RestAnswer.at(bookmark, RestAnswer.json(200, json));
    }

    // ---- a text

    private CompletionStage<HttpResponse> fromText(String name, Path file) {
        var stream = parts.node().stream(name, StreamOptions.DEFAULTS);
        return blocking(() -> readText(file))
                .thenCompose(sql -> hasOwnTransaction(sql)
                        ? run(stream, List.of(new SqlRequest.Sequence(sql)))
                        : run(
                                stream,
                                List.of(
                                        SqlRequest.Batch.of(SqlStatement.of("BEGIN IMMEDIATE")),
                                        new SqlRequest.Sequence(sql))))
                .thenCompose(done -> commit(stream))
                .whenComplete((response, failure) -> stream.close());
    }

    private static String readText(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw RestCall.refused(400, "FILE_UNUSABLE", "the body is neither a SQLite file nor SQL as UTF-8");
        }
    }

    /** As a dump of SQLite's shell has: a BEGIN that begins a statement, which that of a trigger does not. */
    private static boolean hasOwnTransaction(String sql) {
        var tokens = SqlTokens.of(sql);
        for (var i = 0; i < tokens.size(); i++) {
            if (tokens.get(i).is("BEGIN") && (i == 0 || tokens.get(i - 1).isSymbol(";"))) {
                return true;
            }
        }
        return false;
    }

    private static CompletionStage<Void> run(SqlStream stream, List<SqlRequest> requests) {
        return stream.run(requests, false)
                .thenAccept(responses -> responses.forEach(response -> {
                    if (response instanceof SqlResponse.Refused(var error)) {
                        throw new RefusedException(RestFailures.refusal(error));
                    }
                }));
    }

    /**
     * A text that ends its own transaction has left none to commit. One whose transaction was taken away because others waited
     * for it has left none either: that it is told to the next statement, and to no question whether one is open.
     */
    private static CompletionStage<HttpResponse> commit(SqlStream stream) {
        var steps = List.of(
                new SqlStep(NOTHING, Optional.empty()),
                new SqlStep(
                        SqlStatement.of("COMMIT"),
                        Optional.of(new StepCondition.All(List.of(
                                new StepCondition.Succeeded(0),
                                new StepCondition.Not(StepCondition.IsAutocommit.IS_AUTOCOMMIT))))));
        return AllOrNothing.runSteps(stream, steps).thenApply(done -> RestAnswer.written(stream.bookmark()));
    }
}
