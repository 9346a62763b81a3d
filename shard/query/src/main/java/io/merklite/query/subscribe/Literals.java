package io.merklite.query.subscribe;

import io.merklite.query.subscribe.WatchedTable.Affinity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import net.sf.jsqlparser.expression.DoubleValue;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.expression.HexValue;
import net.sf.jsqlparser.expression.JdbcParameter;
import net.sf.jsqlparser.expression.LongValue;
import net.sf.jsqlparser.expression.NullValue;
import net.sf.jsqlparser.expression.SignedExpression;
import net.sf.jsqlparser.expression.StringValue;

/**
 * Values of literals and bound parameters, as SQLite sees them in a comparison with a column.
 *
 * <p>Small integers are read here; every other number goes through SQLite, whose reading of decimals need not be Java's in
 * the last bit.
 */
final class Literals {
    /** Digits that always fit in 63 bits. */
    private static final Pattern SMALL_INTEGER = Pattern.compile("-?[0-9]{1,18}");

    private static final Pattern NUMBER_LITERAL =
            Pattern.compile("[+-]?(0[xX][0-9a-fA-F]+|([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?)");
    private static final Pattern BLOB_LITERAL = Pattern.compile("[xX]'([0-9a-fA-F]{2})*'");

    /** A text that numeric affinity turns into a number. */
    private static final Pattern NUMERIC_TEXT = Pattern.compile(
            "[ \\t\\n\\u000b\\f\\r]*[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?[ \\t\\n\\u000b\\f\\r]*");

    /** A text that begins like a number, and of which it is not known here what SQLite makes of it. */
    private static final Pattern ALMOST_NUMERIC_TEXT = Pattern.compile("[^a-zA-Z_]*[0-9].*", Pattern.DOTALL);

    private final Connection connection;
    private final List<SqlValue> parameters;
    private final boolean usesParameters;

    /**
     * @param parameters values of the statement's parameters
     * @param usesParameters whether each parameter is a plain {@code ?}, so that the parser's count of them holds
     */
    Literals(Connection connection, List<SqlValue> parameters, boolean usesParameters) {
        this.connection = connection;
        this.parameters = parameters;
        this.usesParameters = usesParameters;
    }

    /** The value of {@code expression}, if it is a literal or a parameter. */
    Optional<SqlValue> value(Expression expression) throws SQLException {
        return switch (expression) {
            case NullValue nothing -> Optional.of(SqlValue.NULL);
            case LongValue number -> number(number.getStringValue());
            case DoubleValue number -> number(number.toString());
            case SignedExpression signed
            when signed.getExpression() instanceof LongValue || signed.getExpression() instanceof DoubleValue ->
                number(signed.getSign() + signed.getExpression().toString());
            case HexValue hex -> hexadecimal(hex.toString().strip());
            case StringValue text
            when text.getPrefix() == null && text.toString().startsWith("'") ->
                Optional.of(new SqlValue.Text(unquoted(text.toString())));
            case JdbcParameter parameter
            when usesParameters && !parameter.isUseFixedIndex() -> parameter(parameter.getIndex());
            default -> Optional.empty();
        };
    }

    private Optional<SqlValue> parameter(int index) {
        return index <= parameters.size() ? Optional.of(parameters.get(index - 1)) : Optional.of(SqlValue.NULL);
    }

    private Optional<SqlValue> number(String written) throws SQLException {
        if (SMALL_INTEGER.matcher(written).matches()) {
            return Optional.of(new SqlValue.Integer(Long.parseLong(written)));
        }
        return NUMBER_LITERAL.matcher(written).matches() ? Optional.of(select(written)) : Optional.empty();
    }

    private Optional<SqlValue> hexadecimal(String written) throws SQLException {
        return BLOB_LITERAL.matcher(written).matches() ? Optional.of(select(written)) : number(written);
    }

    private static String unquoted(String literal) {
        return literal.substring(1, literal.length() - 1).replace("''", "'");
    }

    /**
     * {@code value} as a comparison with a column of {@code column}'s affinity takes it, as a key.
     *
     * @return none if it is not known what the comparison makes of it
     */
    Optional<SqlValue> key(SqlValue value, WatchedTable.Column column) throws SQLException {
        var collation = column.collation();
        if (collation.isEmpty()) {
            return Optional.empty();
        }
        var converted = withAffinity(value, column.affinity());
        if (converted.isPresent()
                && converted.get() instanceof SqlValue.Text(String text)
                && !collation.get().isExact(text)) {
            return Optional.empty();
        }
        return converted.map(known -> ValueOrder.key(known, collation.get()));
    }

    private Optional<SqlValue> withAffinity(SqlValue value, Affinity affinity) throws SQLException {
        return switch (value) {
            case SqlValue.Text(String text) when affinity == Affinity.NUMERIC -> numeric(text);
            case SqlValue.Integer number
            when affinity == Affinity.TEXT -> Optional.of(select("CAST(? AS TEXT)", number));
            case SqlValue.Real number when affinity == Affinity.TEXT -> Optional.of(select("CAST(? AS TEXT)", number));
            default -> Optional.of(value);
        };
    }

    private Optional<SqlValue> numeric(String text) throws SQLException {
        if (NUMERIC_TEXT.matcher(text).matches()) {
            return Optional.of(select("CAST(? AS NUMERIC)", new SqlValue.Text(text)));
        }
        return ALMOST_NUMERIC_TEXT.matcher(text).matches() ? Optional.empty() : Optional.of(new SqlValue.Text(text));
    }

    private SqlValue select(String expression, SqlValue... bound) throws SQLException {
        try (var query = connection.prepareStatement("SELECT " + expression)) {
            JdbcValues.bind(query, List.of(bound));
            try (var rows = query.executeQuery()) {
                rows.next();
                return JdbcValues.read(rows, 1);
            }
        }
    }
}
