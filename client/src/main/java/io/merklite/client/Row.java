package io.merklite.client;

import io.merklite.client.ClientException.Unmappable;
import io.merklite.client.sql.JavaValues;
import io.merklite.query.subscribe.SqlValue;
import java.util.List;
import java.util.Optional;

/**
 * A row of a result: a value for each column. Immutable.
 *
 * <pre>{@code
 * record Item(long id, String label, Optional<Double> price) {}
 * var item = row.as(Item.class);
 * }</pre>
 */
public final class Row {
    private final List<Column> columns;
    private final List<SqlValue> values;

    /**
     * @param columns of the result
     * @param values one for each
     */
    public Row(List<Column> columns, List<SqlValue> values) {
        if (columns.size() != values.size()) {
            throw new IllegalArgumentException(values.size() + " values for " + columns.size() + " columns");
        }
        this.columns = List.copyOf(columns);
        this.values = List.copyOf(values);
    }

    public List<Column> columns() {
        return columns;
    }

    /** In the order of the columns. */
    public List<SqlValue> values() {
        return values;
    }

    /**
     * The value of a column.
     *
     * @param index from 0
     */
    public SqlValue value(int index) {
        return values.get(index);
    }

    /**
     * The value of the first column of that name, in any case.
     *
     * @throws Unmappable if there is none
     */
    public SqlValue value(String name) {
        return values.get(index(name).orElseThrow(() -> new Unmappable("no column '" + name + "'")));
    }

    /**
     * The value of a column as a {@code type} of {@link JavaValues}; none for NULL.
     *
     * @throws Unmappable if it can't be one, or there is no such column
     */
    public <T> Optional<T> optional(String name, Class<T> type) {
        try {
            return Optional.ofNullable(
                    RecordMapping.box(type).cast(JavaValues.toJava(value(name), RecordMapping.box(type))));
        } catch (IllegalArgumentException e) {
            throw new Unmappable("column '" + name + "': " + e.getMessage(), e);
        }
    }

    /**
     * The value of a column as a {@code type} of {@link JavaValues}.
     *
     * @throws Unmappable if it is NULL, can't be one, or there is no such column
     */
    public <T> T value(String name, Class<T> type) {
        return optional(name, type).orElseThrow(() -> new Unmappable("column '" + name + "' is NULL"));
    }

    /**
     * The row as a record: each component from the column of its name, without regard to case and underscores; a component
     * of type {@link Optional} is empty for NULL. Or, of a row of one column, its value as any type of {@link JavaValues}.
     *
     * @throws Unmappable if a component has no column, or a value does not fit; what the record's constructor throws is
     *     its cause
     */
    public <T> T as(Class<T> type) {
        return RecordMapping.map(this, type);
    }

    /** Index of the first column of that name, in any case. */
    Optional<Integer> index(String name) {
        for (var i = 0; i < columns.size(); i++) {
            if (columns.get(i).name().equalsIgnoreCase(name)) {
                return Optional.of(i);
            }
        }
        return Optional.empty();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Row row && row.columns.equals(columns) && row.values.equals(values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return "Row[" + columns.size() + " columns]";
    }
}
