package io.merklite.sync.store;

import io.merklite.session.catalog.Affinity;
import io.merklite.session.catalog.Identifiers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What the companions of a table depend on: how its rows are identified, by which columns, and what those make of values.
 *
 * @param identity how
 * @param columns the key, in the order of the table; of rows without a key the columns that are NULL in them
 */
record KeyShape(TrackedTable.Identity identity, List<Column> columns) {
    /* As recorded: the identity, a blank, then of each column the quoted name, a blank and the affinity; commas between. */
    private static final Pattern COLUMN = Pattern.compile("\"((?:[^\"]|\"\")*)\"(?: ([A-Z]+))?");

    /**
     * A column.
     *
     * @param name folded
     * @param affinity none if an older version recorded it
     */
    record Column(String name, Optional<Affinity> affinity) {
        private boolean isSameAs(Column other) {
            var isSameType = affinity.isEmpty() || other.affinity.isEmpty() || affinity.equals(other.affinity);
            return name.equals(other.name) && isSameType;
        }
    }

    KeyShape {
        columns = List.copyOf(columns);
    }

    /**
     * That of a table.
     *
     * @param before what columns are recorded as that were renamed
     */
    static KeyShape of(TrackedTable table, Map<String, String> before) {
        return new KeyShape(
                table.identity(),
                table.keyColumns().stream()
                        .map(column -> {
                            var name = Identifiers.fold(column.name());
                            return new Column(
                                    before.getOrDefault(name, name), Optional.of(Affinity.of(column.declaredType())));
                        })
                        .toList());
    }

    /** The shape that was recorded as {@code text}. */
    static KeyShape parse(String text) {
        var end = text.indexOf(' ');
        List<Column> columns = new ArrayList<>();
        var matcher = COLUMN.matcher(text);
        while (matcher.find()) {
            columns.add(new Column(
                    matcher.group(1).replace("\"\"", "\""),
                    Optional.ofNullable(matcher.group(2)).map(Affinity::valueOf)));
        }
        return new KeyShape(TrackedTable.Identity.valueOf(text.substring(0, end)), columns);
    }

    /** As it is recorded. */
    String text() {
        return identity + " "
                + columns.stream()
                        .map(column -> Identifiers.quote(column.name())
                                + column.affinity()
                                        .map(affinity -> " " + affinity)
                                        .orElse(""))
                        .collect(Collectors.joining(","));
    }

    /** Whether rows are identified by values. */
    boolean isKeyed() {
        return identity != TrackedTable.Identity.BIRTH;
    }

    List<String> names() {
        return columns.stream().map(Column::name).toList();
    }

    /** Whether companions of one shape are those of the other. */
    boolean isSameAs(KeyShape other) {
        if (identity != other.identity) {
            return false;
        }
        if (!isKeyed() && (columns.isEmpty() || other.columns.isEmpty())) {
            return true; // an older version did not record these
        }
        return columns.size() == other.columns.size()
                && IntStream.range(0, columns.size())
                        .allMatch(i -> columns.get(i).isSameAs(other.columns.get(i)));
    }
}
