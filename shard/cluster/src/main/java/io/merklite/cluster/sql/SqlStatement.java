package io.merklite.cluster.sql;

import io.merklite.query.subscribe.SqlValue;
import java.util.List;

/**
 * One statement with its arguments.
 *
 * @param sql exactly one statement; blanks, comments and semicolons around it are fine
 * @param args values of the parameters from the first on, counted as SQLite does
 * @param namedArgs values of named parameters; not together with {@code args}
 * @param wantRows whether the rows that it returns are wanted
 */
public record SqlStatement(String sql, List<SqlValue> args, List<NamedArg> namedArgs, boolean wantRows) {
    public SqlStatement {
        args = List.copyOf(args);
        namedArgs = List.copyOf(namedArgs);
    }

    /**
     * The value of a named parameter.
     *
     * @param name with its sign ({@code :a}, {@code @a}, {@code $a}) or without; the exact name wins
     * @param value its value
     */
    public record NamedArg(String name, SqlValue value) {}

    /** A statement with positional arguments, whose rows are wanted. */
    public static SqlStatement of(String sql, SqlValue... args) {
        return new SqlStatement(sql, List.of(args), List.of(), true);
    }
}
