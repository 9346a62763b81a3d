package io.merklite.query.transpile;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The clauses of a select by kind, in whichever order they were written. */
final class Clauses {
    /** In the order SQL wants them. */
    enum Kind {
        FROM,
        WHERE,
        GROUP_BY,
        HAVING,
        WINDOW,
        ORDER_BY,
        LIMIT,
        OFFSET;

        String sql() {
            return name().replace('_', ' ');
        }
    }

    private static final Set<Kind> ROW_RANGE = EnumSet.of(Kind.ORDER_BY, Kind.LIMIT, Kind.OFFSET);

    private final Map<Kind, List<Part>> parts;

    private Clauses(Map<Kind, List<Part>> parts) {
        this.parts = parts;
    }

    static Clauses empty() {
        return new Clauses(new EnumMap<>(Kind.class));
    }

    boolean has(Kind kind) {
        return parts.containsKey(kind);
    }

    /** The clause without its keyword; empty if it is not there. */
    List<Part> of(Kind kind) {
        return parts.getOrDefault(kind, List.of());
    }

    void put(Kind kind, List<Part> clause) {
        parts.put(kind, clause);
    }

    /** Adds those of {@code others}; whether none of them was there before. */
    boolean addAll(Clauses others) {
        for (var entry : others.parts.entrySet()) {
            if (parts.put(entry.getKey(), entry.getValue()) != null) {
                return false;
            }
        }
        return true;
    }

    /** Whether there are none but those of {@code allowed}. */
    boolean hasOnly(Set<Kind> allowed) {
        return allowed.containsAll(parts.keySet());
    }

    boolean hasRowRange() {
        return parts.keySet().stream().anyMatch(ROW_RANGE::contains);
    }

    /** Takes ORDER BY, LIMIT and OFFSET out of these clauses. */
    Clauses splitRowRange() {
        var range = empty();
        for (var kind : ROW_RANGE) {
            var clause = parts.remove(kind);
            if (clause != null) {
                range.put(kind, clause);
            }
        }
        return range;
    }
}
