package io.merklite.query.transpile;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The tables that a path may start from: those of a query, and of the queries around it. */
final class Scope {
    private final @Nullable Scope outer;
    private final List<Part.Declared> tables = new ArrayList<>();

    Scope(@Nullable Scope outer) {
        this.outer = outer;
    }

    void add(Part.Declared table) {
        tables.add(table);
    }

    /** The table behind {@code alias}, the innermost and last if there are several. */
    Optional<String> table(String alias) {
        for (var scope = this; scope != null; scope = scope.outer) {
            for (var table : scope.tables.reversed()) {
                if (isSame(table.alias(), alias)) {
                    return Optional.of(table.table());
                }
            }
        }
        return Optional.empty();
    }

    /** Whether two names are one to SQL: only ASCII letters have two cases. */
    static boolean isSame(String name, String other) {
        return name.equals(other) || name.toLowerCase(Locale.ROOT).equals(other.toLowerCase(Locale.ROOT));
    }
}
