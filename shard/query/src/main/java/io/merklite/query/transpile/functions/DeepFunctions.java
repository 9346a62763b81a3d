package io.merklite.query.transpile.functions;

import io.merklite.query.QueryException.DatabaseFailure;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.sqlite.Function;

/**
 * The SQL functions of the query dialect: {@code sqldeep_json}, {@code sqldeep_json_object}, {@code sqldeep_json_array},
 * {@code sqldeep_json_group_array}; {@code xml_element}, {@code xml_attrs} and {@code xml_agg} with their {@code _jsonml}
 * and {@code _jsx} forms, of which the aggregates are {@code jsonml_agg} and {@code jsx_agg}; and some that only
 * translated queries call.
 *
 * <p>All give BLOBs of UTF-8 text, or an SQL error for arguments that are wrong.
 */
public final class DeepFunctions {
    /** The functions change nothing and see nothing but their arguments, so views and triggers may always call them. */
    private static final int FLAGS = Function.FLAG_DETERMINISTIC | 0x200000;

    private static final int ANY_COUNT = -1;

    private static final Map<String, Scalar> SCALARS = Map.ofEntries(
            Map.entry("sqldeep_json", DeepFunctions::marked),
            Map.entry("sqldeep_json_object", arguments -> Optional.of(JsonWriter.object(arguments))),
            Map.entry("sqldeep_json_array", arguments -> Optional.of(JsonWriter.array(arguments))),
            Map.entry("sqldeep_json_join", arguments -> Optional.of(JsonWriter.joined(arguments))),
            Map.entry("xml_element", arguments -> Optional.of(MarkupWriter.XML.element(arguments))),
            Map.entry("xml_attrs", arguments -> Optional.of(MarkupWriter.XML.attributes(arguments))),
            Map.entry("xml_fragment", arguments -> Optional.of(MarkupWriter.XML.fragment(arguments))),
            Map.entry("xml_element_jsonml", arguments -> Optional.of(MarkupWriter.JSONML.element(arguments))),
            Map.entry("xml_attrs_jsonml", arguments -> Optional.of(MarkupWriter.JSONML.attributes(arguments))),
            Map.entry("xml_fragment_jsonml", arguments -> Optional.of(MarkupWriter.JSONML.fragment(arguments))),
            Map.entry("xml_element_jsx", arguments -> Optional.of(MarkupWriter.JSX.element(arguments))),
            Map.entry("xml_attrs_jsx", arguments -> Optional.of(MarkupWriter.JSX.attributes(arguments))),
            Map.entry("xml_fragment_jsx", arguments -> Optional.of(MarkupWriter.JSX.fragment(arguments))));

    private static final Map<String, Supplier<Accumulator>> AGGREGATES = Map.of(
            "sqldeep_json_group_array", Accumulator::array,
            "sqldeep_json_tree", () -> new TreeAccumulator(true),
            "sqldeep_json_forest", () -> new TreeAccumulator(false),
            "xml_agg", () -> Accumulator.children(MarkupWriter.XML),
            "jsonml_agg", () -> Accumulator.children(MarkupWriter.JSONML),
            "jsx_agg", () -> Accumulator.children(MarkupWriter.JSX));

    private DeepFunctions() {}

    /**
     * Adds the functions to {@code connection}, until it is closed. Once more does no harm.
     *
     * @throws DatabaseFailure if the connection is closed, or is none of the SQLite driver
     */
    public static void register(Connection connection) {
        try {
            for (var scalar : SCALARS.entrySet()) {
                Function.create(connection, scalar.getKey(), new ScalarFunction(scalar.getValue()), ANY_COUNT, FLAGS);
            }
            for (var aggregate : AGGREGATES.entrySet()) {
                Function.create(
                        connection, aggregate.getKey(), new AggregateFunction(aggregate.getValue()), ANY_COUNT, FLAGS);
            }
        } catch (SQLException e) {
            throw new DatabaseFailure("registering the functions of the query dialect", e);
        }
    }

    private static Optional<String> marked(List<SqlValue> arguments) throws SQLException {
        if (arguments.size() != 1) {
            throw new SQLException("sqldeep_json: needs one argument, got " + arguments.size());
        }
        return arguments.getFirst().isNull() ? Optional.empty() : Optional.of(JsonWriter.marked(arguments.getFirst()));
    }

    /** The text of the BLOB that a function gives; empty for NULL. */
    @FunctionalInterface
    private interface Scalar {
        Optional<String> apply(List<SqlValue> arguments) throws SQLException;
    }

    private static final class ScalarFunction extends Function {
        private final Scalar scalar;

        ScalarFunction(Scalar scalar) {
            this.scalar = scalar;
        }

        @Override
        protected void xFunc() throws SQLException {
            try {
                List<SqlValue> arguments = new ArrayList<>(args());
                for (var index = 0; index < args(); index++) {
                    arguments.add(SqlValue.read(index, this::value_type, this::value_text, this::value_blob));
                }
                var value = scalar.apply(arguments);
                if (value.isPresent()) {
                    result(value.get().getBytes(StandardCharsets.UTF_8));
                } else {
                    result();
                }
            } catch (SQLException e) {
                // The driver would put the name of the Java class before the message.
                error(e.getMessage());
            }
        }
    }

    /** The driver clones the function for each group. */
    private static final class AggregateFunction extends Function.Aggregate {
        private final Supplier<Accumulator> accumulators;
        private Optional<Accumulator> accumulator = Optional.empty();

        AggregateFunction(Supplier<Accumulator> accumulators) {
            this.accumulators = accumulators;
        }

        private Accumulator accumulator() {
            var current = accumulator.orElseGet(accumulators);
            accumulator = Optional.of(current);
            return current;
        }

        @Override
        protected void xStep() throws SQLException {
            try {
                List<SqlValue> arguments = new ArrayList<>(args());
                for (var index = 0; index < args(); index++) {
                    arguments.add(SqlValue.read(index, this::value_type, this::value_text, this::value_blob));
                }
                accumulator().add(arguments);
            } catch (SQLException e) {
                error(e.getMessage());
            }
        }

        @Override
        protected void xFinal() throws SQLException {
            try {
                var value = accumulator().result();
                if (value.isPresent()) {
                    result(value.get().getBytes(StandardCharsets.UTF_8));
                } else {
                    result();
                }
            } catch (SQLException e) {
                error(e.getMessage());
            }
        }
    }
}
