package io.merklite.node.rest;

import io.merklite.cluster.replica.Watch;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.http.Bookmark;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.Changeset;
import io.merklite.sync.database.RowEvent;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import org.apache.pekko.util.ByteString;

/**
 * What one reader is told of the transactions of a database: {@code transaction} for each that touches a table it asked for,
 * {@code gap} when those it asked for are not at hand any more, {@code lagged} when it is too slow. Each id is a bookmark:
 * who goes on from the last one misses nothing.
 *
 * <p><b>Threading.</b> {@link #next} is called once at a time; {@link #heartbeat} at any time.
 */
final class ChangeFeed {
    private final String database;
    private final Set<String> tables;
    private final Values values;
    private final FeedFormat format;
    private final ColumnNames columns;
    private volatile VersionVector place;

    /** How much of a row is told. */
    enum Values {
        KEYS,
        NEW,
        BOTH;

        static Values of(String id) {
            return switch (id) {
                case "keys" -> KEYS;
                case "new" -> NEW;
                case "both" -> BOTH;
                default -> throw RestCall.invalid("values", "one of keys, new, both");
            };
        }
    }

    /**
     * A feed.
     *
     * @param since where it begins
     * @param tables names in lower case; all if there is none
     */
    ChangeFeed(
            String database,
            VersionVector since,
            Set<String> tables,
            Values values,
            FeedFormat format,
            ColumnNames columns) {
        this.database = database;
        this.place = since;
        this.tables = Set.copyOf(tables);
        this.values = values;
        this.format = format;
        this.columns = columns;
    }

    /** What the reader is told next; nothing of a transaction that does not concern it. */
    CompletionStage<List<ByteString>> next(WatchSource.Told told) {
        return switch (told) {
            case WatchSource.Told.Lagged lagged -> now(event("lagged", this::bookmark));
            case WatchSource.Told.Said(var watch) ->
                switch (watch) {
                    case Watch.Changed(var transaction, var bookmark) -> changed(transaction, bookmark);
                    case Watch.Gap(var bookmark) -> {
                        place = bookmark;
                        yield now(event("gap", this::gap));
                    }
                    case Watch.Ended(var error) -> CompletableFuture.completedFuture(FeedEnd.of(error, format));
                    case Watch.Result result ->
                        CompletableFuture.failedFuture(
                                new IllegalStateException("a watcher of changes was told a result"));
                };
        };
    }

    /** Shows that the feed lives, and how far it is: also past transactions that it did not tell of. */
    ByteString heartbeat() {
        return event("heartbeat", this::bookmark);
    }

    private ByteString event(String name, java.util.function.Consumer<JsonWriter> data) {
        return format.event(name, Optional.of(Bookmark.encode(place)), data);
    }

    private void bookmark(JsonWriter json) {
        json.beginObject().name("bookmark").value(Bookmark.encode(place)).endObject();
    }

    private void gap(JsonWriter json) {
        json.beginObject().name("bookmark").value(Bookmark.encode(place));
        json.name("snapshot")
                .value("/v1/databases/" + database + "/snapshots/latest")
                .endObject();
    }

    private CompletionStage<List<ByteString>> changed(Transaction transaction, VersionVector bookmark) {
        var rows = RowEvent.of(Changeset.copyOf(transaction.changeset())).stream()
                .filter(row -> tables.isEmpty() || tables.contains(row.table().toLowerCase(Locale.ROOT)))
                .toList();
        if (rows.isEmpty()) {
            place = bookmark;
            return CompletableFuture.completedFuture(List.of());
        }
        var names = rows.stream().map(RowEvent::table).collect(Collectors.toSet());
        return columns.load(names, transaction.schemaFingerprint()).thenApply(loaded -> {
            place = bookmark;
            return List.of(event("transaction", json -> write(json, transaction, rows)));
        });
    }

    private void write(JsonWriter json, Transaction transaction, List<RowEvent> rows) {
        json.beginObject().name("origin").value(transaction.origin().toString());
        json.name("seq").integerAsText(transaction.seq());
        json.name("stamp").value(transaction.stamp().toString());
        json.name("committedAt").value(transaction.stamp().instant().toString());
        json.name("tables").beginArray();
        rows.stream().map(RowEvent::table).distinct().forEach(json::value);
        json.endArray().name("rows").beginArray();
        rows.forEach(row -> write(json, row, transaction.schemaFingerprint()));
        json.endArray().endObject();
    }

    private void write(JsonWriter json, RowEvent row, long schema) {
        var isInsert = row.operation() == ChangeOp.INSERT;
        json.beginObject().name("table").value(row.table());
        json.name("op").value(row.operation().name().toLowerCase(Locale.ROOT));
        IntPredicate isKey = row.keyColumns()::get;
        write(json, "key", row, isInsert ? row.newValues() : row.oldValues(), isKey, schema);
        if (values == Values.BOTH && !isInsert) {
            write(json, "old", row, row.oldValues(), i -> true, schema);
        }
        if (values != Values.KEYS && row.operation() != ChangeOp.DELETE) {
            write(json, "new", row, row.newValues(), i -> true, schema);
        }
        json.endObject();
    }

    private void write(
            JsonWriter json,
            String field,
            RowEvent row,
            List<Optional<SqlValue>> image,
            IntPredicate isWanted,
            long schema) {
        var count = image.size();
        var isOnlyFirstKey =
                row.keyColumns().indexOf(true) == 0 && row.keyColumns().lastIndexOf(true) == 0;
        var isRowidFirst = columns.isRowidFirst(row.table(), schema, count, isOnlyFirstKey);
        json.name(field).beginObject();
        for (var i = 0; i < count; i++) {
            if (isWanted.test(i) && image.get(i).isPresent()) {
                json.anyName(columns.name(row.table(), schema, i, count, isRowidFirst));
                format.value(json, image.get(i).get());
            }
        }
        json.endObject();
    }

    private static CompletionStage<List<ByteString>> now(ByteString event) {
        return CompletableFuture.completedFuture(List.of(event));
    }
}
