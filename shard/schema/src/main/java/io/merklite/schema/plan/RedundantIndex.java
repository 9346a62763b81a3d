package io.merklite.schema.plan;

import io.merklite.schema.structure.Index;
import io.merklite.schema.structure.KeyColumn;
import io.merklite.schema.structure.Schema;
import io.merklite.schema.structure.Table;
import io.merklite.schema.text.SqlNames;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * An index that costs writes and space, and serves no query that another one does not serve.
 *
 * @param index its name
 * @param coveredBy the index that serves the same queries, or {@code PRIMARY KEY}
 * @param table the table of both
 */
public record RedundantIndex(String index, String coveredBy, String table) {
    private static final String PRIMARY_KEY = "PRIMARY KEY";

    /**
     * Every redundant index of {@code schema}, by table and index. Covered is an index of the key's columns; a one that is
     * not unique and begins the key, or an index with the same predicate; and a twin of another index: the one that is not
     * unique, or the later name. Columns count as the same only with one collation, and with the same directions
     * throughout or the opposite ones.
     */
    public static List<RedundantIndex> of(Schema schema) {
        List<RedundantIndex> found = new ArrayList<>();
        for (var table : schema.tables()) {
            var indexes = schema.indexes().stream()
                    .filter(index -> SqlNames.same(index.table(), table.name()))
                    .toList();
            Set<Index> coveredByKey = new HashSet<>();
            for (var index : indexes) {
                if (isCoveredByKey(index, table)) {
                    coveredByKey.add(index);
                    found.add(new RedundantIndex(index.name(), PRIMARY_KEY, table.name()));
                }
            }
            var rest = indexes.stream()
                    .filter(index -> !coveredByKey.contains(index))
                    .toList();
            rest.forEach(index -> covering(index, rest)
                    .ifPresent(other -> found.add(new RedundantIndex(index.name(), other.name(), table.name()))));
        }
        found.sort(Comparator.comparing(RedundantIndex::table).thenComparing(RedundantIndex::index));
        return List.copyOf(found);
    }

    /** For people. */
    public String message() {
        return "index " + index + " on " + table + " is covered by " + coveredBy;
    }

    private static boolean isCoveredByKey(Index index, Table table) {
        if (!index.predicate().isEmpty() || table.primaryKey().isEmpty()) {
            return false;
        }
        var key = table.primaryKey().get().columns().stream()
                .map(part -> new KeyColumn(
                        part.column(),
                        "",
                        part.collation().isEmpty() ? collation(table, part) : part.collation(),
                        part.isDescending()))
                .toList();
        return index.columns().size() == key.size()
                ? begins(index.columns(), key)
                : !index.isUnique() && begins(index.columns(), key);
    }

    private static String collation(Table table, KeyColumn part) {
        return table.column(part.column()).map(column -> column.collation()).orElse("");
    }

    private static Optional<Index> covering(Index index, List<Index> others) {
        var longer = others.stream()
                .filter(other -> !index.isUnique()
                        && other.columns().size() > index.columns().size()
                        && other.predicate().equals(index.predicate())
                        && begins(index.columns(), other.columns()))
                .findFirst();
        return longer.or(() -> others.stream()
                .filter(other -> !other.equals(index)
                        && other.columns().size() == index.columns().size()
                        && other.predicate().equals(index.predicate())
                        && begins(index.columns(), other.columns())
                        && isTheLesser(index, other))
                .findFirst());
    }

    private static boolean isTheLesser(Index index, Index twin) {
        return index.isUnique() == twin.isUnique()
                ? SqlNames.IGNORING_CASE.compare(index.name(), twin.name()) > 0
                : twin.isUnique();
    }

    private static boolean begins(List<KeyColumn> columns, List<KeyColumn> longer) {
        if (columns.size() > longer.size()) {
            return false;
        }
        Set<Boolean> isReversed = new HashSet<>();
        for (var i = 0; i < columns.size(); i++) {
            var one = columns.get(i);
            var other = longer.get(i);
            if (!SqlNames.same(one.column(), other.column())
                    || !one.expression().equals(other.expression())
                    || !one.collation().equals(other.collation())) {
                return false;
            }
            isReversed.add(one.isDescending() != other.isDescending());
        }
        return isReversed.size() == 1;
    }
}
