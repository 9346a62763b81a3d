package io.merklite.cluster.sql;

import io.merklite.query.subscribe.SqlValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The values that arguments give to the parameters of a statement. */
final class SqlParameters {
    private SqlParameters() {}

    /**
     * A value for each parameter.
     *
     * @param count how many parameters SQLite knows
     */
    static List<SqlValue> values(AnalysedStatement statement, SqlStatement arguments, int count) throws SqlFailure {
        var positional = arguments.args();
        var named = arguments.namedArgs();
        if (!positional.isEmpty() && !named.isEmpty()) {
            throw new SqlFailure(SqlErrors.BOTH_KINDS_OF_ARGUMENTS);
        }
        var byName = byName(named);
        var given = Math.max(positional.size(), byName.size());
        if (given > count && !statement.isExplain()) {
            throw new SqlFailure(
                    SqlErrors.arguments("too many arguments: the statement takes " + count + ", and has " + given));
        }
        if (count == 0) {
            return List.of();
        }
        var names = statement.parameters();
        List<SqlValue> values = new ArrayList<>(count);
        for (var i = 0; i < count; i++) {
            var name = i < names.size() ? names.get(i) : Optional.<String>empty();
            var value = named.isEmpty()
                    ? Optional.ofNullable(i < positional.size() ? positional.get(i) : null)
                    : name.flatMap(exact -> find(byName, exact));
            if (value.isEmpty() && !statement.isExplain() && isUsed(statement, i)) {
                throw new SqlFailure(
                        SqlErrors.arguments("no value for parameter " + name.orElse(Integer.toString(i + 1))));
            }
            values.add(value.orElse(SqlValue.NULL));
        }
        return values;
    }

    private static Map<String, SqlValue> byName(List<SqlStatement.NamedArg> named) {
        if (named.isEmpty()) {
            return Map.of();
        }
        Map<String, SqlValue> byName = new HashMap<>();
        named.forEach(argument -> byName.put(argument.name(), argument.value()));
        return byName;
    }

    private static Optional<SqlValue> find(Map<String, SqlValue> byName, String name) {
        var exact = byName.get(name);
        return Optional.ofNullable(exact != null ? exact : byName.get(name.substring(1)));
    }

    /** A gap below a numbered parameter, such as 2 in {@code ?1, ?3}, needs no value. */
    private static boolean isUsed(AnalysedStatement statement, int index) {
        var names = statement.parameters();
        return index >= names.size()
                || names.get(index).isPresent()
                || names.stream()
                        .noneMatch(name -> name.isPresent() && name.get().startsWith("?"));
    }
}
