package io.merklite.node.rest;

import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.query.subscribe.SqlValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Names of the columns of tables, for changes that have none: of the schema that the database had when a feed first saw a
 * table under a schema's fingerprint. ALTER TABLE adds columns behind the others, so an older change fits a newer table.
 *
 * <p><b>Threading.</b> One call at a time.
 */
final class ColumnNames {
    private static final int MAX_TABLES = 10_000;
    private static final String ROWID = "rowid";

    private final RestApi.Parts parts;
    private final String database;
    private final Map<Key, List<String>> known = new HashMap<>();

    private record Key(String table, long schema) {}

    ColumnNames(RestApi.Parts parts, String database) {
        this.parts = parts;
        this.database = database;
    }

    /** Sees that the names of {@code tables} are known, and then gives itself. */
    CompletionStage<ColumnNames> load(Set<String> tables, long schema) {
        Set<String> missing = new HashSet<>(tables);
        missing.removeIf(table -> known.containsKey(new Key(table, schema)));
        if (missing.isEmpty()) {
            return CompletableFuture.completedFuture(this);
        }
        if (known.size() > MAX_TABLES) {
            known.clear();
        }
        List<String> order = List.copyOf(missing);
        var queries = order.stream()
                .map(table -> SqlStatement.of(
                        "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid", SqlValue.of(table)))
                .toList();
        var stream = parts.node().stream(database, StreamOptions.DEFAULTS);
        return AllOrNothing.run(stream, queries, true).thenApply(results -> {
            for (var i = 0; i < order.size(); i++) {
                List<String> names = new ArrayList<>();
                results.get(i)
                        .rows()
                        .forEach(row -> names.add(row.getFirst() instanceof SqlValue.Text(var name) ? name : ""));
                known.put(new Key(order.get(i), schema), List.copyOf(names));
            }
            return this;
        });
    }

    /** The name of a column of a change that has {@code count} of them; where the rowid stands in front, it is the first. */
    String name(String table, long schema, int index, int count, boolean isRowidFirst) {
        var names = known.getOrDefault(new Key(table, schema), List.of());
        var offset = isRowidFirst ? 1 : 0;
        if (isRowidFirst && index == 0) {
            return ROWID;
        }
        return index - offset < names.size() ? names.get(index - offset) : "column" + (index + 1) + "of" + count;
    }

    /** Whether changes of a table have a value more than it has columns: the rowid, in front. */
    boolean isRowidFirst(String table, long schema, int count, boolean isOnlyFirstKey) {
        return isOnlyFirstKey
                && known.getOrDefault(new Key(table, schema), List.of()).size() + 1 == count;
    }
}
