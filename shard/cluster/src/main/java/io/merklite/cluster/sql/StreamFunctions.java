package io.merklite.cluster.sql;

import io.merklite.cluster.sql.SqlStreamState.Facts;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.sqlite.Function;

/**
 * SQL functions that tell what the stream's last writes did. SQLite's own tell of the connection, which other streams
 * and the stamping of transactions write on too. Inside of triggers, which must see their own writes, SQLite's stay.
 */
final class StreamFunctions {
    /** Before the name of SQLite's function. */
    static final String PREFIX = "_merklite_";

    /** SQLite's functions that a statement gets replaced. */
    static final Set<String> REPLACED = Set.of("last_insert_rowid", "changes", "total_changes");

    private Facts facts = Facts.FRESH;

    /** Adds the functions to a connection. */
    StreamFunctions(Connection connection) throws SQLException {
        add(connection, "last_insert_rowid", Facts::lastInsertRowid);
        add(connection, "changes", Facts::changes);
        add(connection, "total_changes", Facts::totalChanges);
    }

    private void add(Connection connection, String name, ToLongFunction<Facts> value) throws SQLException {
        Function.create(
                connection,
                PREFIX + name,
                new Function() {
                    @Override
                    protected void xFunc() throws SQLException {
                        result(value.applyAsLong(facts));
                    }
                },
                0,
                0);
    }

    /** From now on they tell of this stream. */
    void tellOf(Facts stream) {
        facts = stream;
    }

    /** A column's name as it would be with SQLite's function. */
    static String columnName(String name) {
        var original = name;
        for (var function : REPLACED) {
            original = original.replace(PREFIX + function, function);
        }
        return original;
    }
}
