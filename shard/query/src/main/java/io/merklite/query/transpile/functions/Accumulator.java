package io.merklite.query.transpile.functions;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The state of an aggregate function in one group. */
interface Accumulator {
    void add(List<SqlValue> arguments) throws SQLException;

    /** The text of the BLOB that is the result; empty for NULL. */
    Optional<String> result() throws SQLException;

    /** A JSON array of the values that are not NULL. */
    static Accumulator array() {
        return new Accumulator() {
            private final StringBuilder json = new StringBuilder("[");

            @Override
            public void add(List<SqlValue> arguments) throws SQLException {
                var value = only(arguments);
                if (!value.isNull()) {
                    json.append(json.length() > 1 ? "," : "");
                    JsonWriter.value(json, value);
                }
            }

            @Override
            public Optional<String> result() {
                return Optional.of(json + "]");
            }
        };
    }

    /** Children one after the other, for an element. */
    static Accumulator children(MarkupWriter markup) {
        return new Accumulator() {
            private final List<SqlValue> children = new ArrayList<>();

            @Override
            public void add(List<SqlValue> arguments) throws SQLException {
                children.add(only(arguments));
            }

            @Override
            public Optional<String> result() throws SQLException {
                return Optional.of(markup.fragment(children));
            }
        };
    }

    private static SqlValue only(List<SqlValue> arguments) throws SQLException {
        if (arguments.size() != 1) {
            throw new SQLException("needs one argument, got " + arguments.size());
        }
        return arguments.getFirst();
    }
}
