package io.merklite.node.rest;

import io.merklite.cluster.sql.SqlStatement;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.schema.text.SqlTokens;
import io.merklite.schema.text.Token;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/** A statement with its values written into the text as literals, for queries that are followed: they are kept as text. */
final class BoundSql {
    private final SqlStatement statement;
    private final Map<String, Integer> numbers = new HashMap<>();
    private int highest;

    private BoundSql(SqlStatement statement) {
        this.statement = statement;
    }

    /** The text, without parameters. */
    static String of(SqlStatement statement) {
        return new BoundSql(statement).text();
    }

    private String text() {
        var sql = statement.sql();
        var text = new StringBuilder();
        var end = 0;
        for (var token : SqlTokens.of(sql)) {
            text.append(sql, end, token.start());
            text.append(isParameter(token) ? literal(value(token.text())) : token.text());
            end = token.end();
        }
        return text.append(sql, end, sql.length()).toString();
    }

    private static boolean isParameter(Token token) {
        return token.kind() == Token.Kind.LITERAL && "?:@$".indexOf(token.text().charAt(0)) >= 0;
    }

    /** Counts as SQLite does: a bare question mark is one more than the highest so far, a name has one number. */
    private SqlValue value(String parameter) {
        var number = parameter.equals("?")
                ? highest + 1
                : parameter.startsWith("?")
                        ? number(parameter)
                        : numbers.computeIfAbsent(parameter, name -> highest + 1);
        highest = Math.max(highest, number);
        for (var named : statement.namedArgs()) {
            if (named.name().equals(parameter)
                    || (parameter.length() > 1 && named.name().equals(parameter.substring(1)))) {
                return named.value();
            }
        }
        if (number < 1 || number > statement.args().size()) {
            throw RestCall.refused(400, "ARGS_INVALID", "parameter " + parameter + " has no value");
        }
        return statement.args().get(number - 1);
    }

    private static int number(String parameter) {
        return parameter.matches("\\?\\d{1,5}") ? Integer.parseInt(parameter.substring(1)) : 0;
    }

    private static String literal(SqlValue value) {
        return switch (value) {
            case SqlValue.Null none -> "NULL";
            case SqlValue.Integer(var integer) ->
                integer == Long.MIN_VALUE ? "(-9223372036854775807 - 1)" : "(" + integer + ")";
            case SqlValue.Real(var real) -> real(real);
            case SqlValue.Text(var text) -> "'" + text.replace("'", "''").replace("\0", "' || char(0) || '") + "'";
            case SqlValue.Blob blob -> "x'" + HexFormat.of().formatHex(blob.toByteArray()) + "'";
        };
    }

    private static String real(double real) {
        if (Double.isNaN(real)) {
            return "NULL";
        }
        return Double.isInfinite(real) ? (real > 0 ? "9e999" : "(-9e999)") : "(" + real + ")";
    }
}
