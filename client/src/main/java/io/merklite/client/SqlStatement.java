package io.merklite.client;

import io.merklite.client.sql.JavaValues;
import io.merklite.query.subscribe.SqlValue;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One statement with its arguments.
 *
 * <pre>{@code
 * SqlStatement.of("INSERT INTO item(id, label) VALUES (?, ?)", 7, "seven")
 * SqlStatement.of("SELECT * FROM item WHERE label = :label").with(":label", "seven")
 * }</pre>
 *
 * @param sql exactly one statement; blanks, comments and semicolons around it are fine
 * @param args values of the parameters from the first on, counted as SQLite does
 * @param namedArgs values by name, with its sign ({@code :a}, {@code @a}, {@code $a}) or without; not together with {@code
 *     args}
 */
public record SqlStatement(String sql, List<SqlValue> args, Map<String, SqlValue> namedArgs) {
    public SqlStatement {
        args = List.copyOf(args);
        namedArgs = Collections.unmodifiableMap(new LinkedHashMap<>(namedArgs));
        if (!args.isEmpty() && !namedArgs.isEmpty()) {
            throw new IllegalArgumentException(args.size() + " arguments by position and " + namedArgs.size()
                    + " by name, must be one or the other");
        }
    }

    /**
     * A statement with arguments by position.
     *
     * @param args of the types in {@link JavaValues}
     * @throws IllegalArgumentException for an argument of another type
     */
    public static SqlStatement of(String sql, @Nullable Object... args) {
        return new SqlStatement(sql, Arrays.stream(args).map(JavaValues::toSql).toList(), Map.of());
    }

    /** The same with a value for a named parameter. */
    public SqlStatement with(String name, @Nullable Object value) {
        var named = new LinkedHashMap<>(namedArgs);
        named.put(name, JavaValues.toSql(value));
        return new SqlStatement(sql, args, named);
    }
}
