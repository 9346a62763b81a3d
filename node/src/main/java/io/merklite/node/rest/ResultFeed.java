package io.merklite.node.rest;

import io.merklite.cluster.replica.Watch;
import io.merklite.cluster.sql.ResultColumn;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.query.subscribe.SqlValue;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.util.ByteString;

/**
 * What one reader is told of the result of a query: {@code columns}, a {@code row} for each, {@code ready}; then {@code
 * change}s.
 *
 * <p>Each row has a key, by which later events name it. It is kept as long as the row is the same thing: by its first column
 * where that tells all rows apart, before and after; else by all of its values, equal rows counted. A row whose other
 * columns change under the first identity is an update, under the second one gone and one come. When the columns of
 * the result change, all begins anew with {@code columns}.
 *
 * <p><b>Threading.</b> One call at a time.
 */
final class ResultFeed {
    private final String subscription;
    private final FeedFormat format;
    private boolean hasBegun;
    private List<String> columns = List.of();
    private Map<Identity, Shown> shown = Map.of();
    private boolean isByFirst;
    private long keyCount;
    private long changeCount;

    /** What makes a row the same thing: values, and how many equal ones come before. */
    private record Identity(List<SqlValue> values, int occurrence) {}

    /**
     * What the reader is told.
     *
     * @param change how many changes it has been told with it
     */
    record Event(long change, ByteString bytes) {}

    /** A row that the reader knows. */
    private record Shown(String key, List<SqlValue> row) {}

    /** @param subscription its id, which is part of the ids of its events */
    ResultFeed(String subscription, FeedFormat format) {
        this.subscription = subscription;
        this.format = format;
    }

    /** How many changes were told. A result that begins anew counts as one. */
    long changeCount() {
        return changeCount;
    }

    /** What the reader is told next. */
    List<Event> next(Watch watch) {
        return switch (watch) {
            case Watch.Result(var result) -> told(result);
            case Watch.Ended(var error) ->
                FeedEnd.of(error, format).stream().map(this::event).toList();
            case Watch.Changed changed ->
                throw new IllegalStateException("a watcher of a result was told a transaction");
            case Watch.Gap gap -> throw new IllegalStateException("a watcher of a result was told a gap");
        };
    }

    ByteString heartbeat() {
        return format.event(
                "heartbeat",
                hasBegun ? id() : Optional.empty(),
                json -> json.beginObject().endObject());
    }

    private Event event(ByteString bytes) {
        return new Event(changeCount, bytes);
    }

    private List<Event> told(StatementResult result) {
        var names = result.columns().stream().map(ResultColumn::name).toList();
        if (!hasBegun || !names.equals(columns)) {
            return begin(names, result.rows());
        }
        return difference(result.rows());
    }

    private List<Event> begin(List<String> names, List<List<SqlValue>> rows) {
        if (hasBegun) {
            changeCount++;
        }
        hasBegun = true;
        columns = names;
        isByFirst = isDistinct(rows);
        Map<Identity, Shown> now = new LinkedHashMap<>();
        List<Event> events = new ArrayList<>();
        events.add(event(format.event("columns", Optional.empty(), json -> {
            json.beginArray();
            names.forEach(json::value);
            json.endArray();
        })));
        identities(rows).forEach((identity, row) -> {
            var some = new Shown(Long.toString(++keyCount), row);
            now.put(identity, some);
            events.add(event(format.event("row", Optional.empty(), json -> {
                json.beginArray().value(some.key());
                values(json, row);
                json.endArray();
            })));
        });
        shown = now;
        events.add(event(format.event(
                "ready",
                id(),
                json -> json.beginObject().name("rowCount").value(rows.size()).endObject())));
        return events;
    }

    private List<Event> difference(List<List<SqlValue>> rows) {
        var wasByFirst = isByFirst;
        isByFirst = isDistinct(rows) && isDistinct(shownRows());
        if (wasByFirst != isByFirst) {
            rename();
        }
        var next = identities(rows);
        List<Event> events = new ArrayList<>();
        Map<Identity, Shown> now = new LinkedHashMap<>();
        shown.forEach((identity, old) -> {
            if (!next.containsKey(identity)) {
                events.add(change("delete", old));
            }
        });
        next.forEach((identity, row) -> {
            var old = Optional.ofNullable(shown.get(identity));
            var some = new Shown(old.map(Shown::key).orElseGet(() -> Long.toString(++keyCount)), row);
            now.put(identity, some);
            if (old.isEmpty()) {
                events.add(change("insert", some));
            } else if (!old.get().row().equals(row)) {
                events.add(change("update", some));
            }
        });
        shown = now;
        return events;
    }

    private List<List<SqlValue>> shownRows() {
        return shown.values().stream().map(Shown::row).toList();
    }

    /** The rows that the reader knows, under the identity that holds now; their keys stay. */
    private void rename() {
        var keys = shown.values().stream().map(Shown::key).iterator();
        Map<Identity, Shown> renamed = new LinkedHashMap<>();
        identities(shownRows()).forEach((identity, row) -> renamed.put(identity, new Shown(keys.next(), row)));
        shown = renamed;
    }

    private static boolean isDistinct(List<List<SqlValue>> rows) {
        var seen = new HashSet<SqlValue>();
        return rows.stream()
                .allMatch(row -> !row.isEmpty() && !row.getFirst().equals(SqlValue.NULL) && seen.add(row.getFirst()));
    }

    private Map<Identity, List<SqlValue>> identities(List<List<SqlValue>> rows) {
        Map<List<SqlValue>, Integer> counts = new LinkedHashMap<>();
        Map<Identity, List<SqlValue>> identities = new LinkedHashMap<>();
        for (var row : rows) {
            var values = isByFirst ? row.subList(0, 1) : row;
            identities.put(new Identity(values, counts.merge(values, 1, Integer::sum)), row);
        }
        return identities;
    }

    private Event change(String kind, Shown row) {
        changeCount++;
        return event(format.event("change", id(), json -> {
            json.beginArray().value(kind).value(row.key());
            values(json, row.row());
            json.value(changeCount).endArray();
        }));
    }

    private Optional<String> id() {
        return Optional.of(subscription + "-" + changeCount);
    }

    private void values(JsonWriter json, List<SqlValue> row) {
        json.beginArray();
        row.forEach(value -> format.value(json, value));
        json.endArray();
    }
}
