package io.merklite.query.transpile;

import io.merklite.query.transpile.Part.ArrayLiteral;
import io.merklite.query.transpile.Part.ObjectLiteral;
import java.util.List;
import java.util.Optional;

/**
 * A SELECT with its set operations.
 *
 * @param with the WITH clause, or nothing
 * @param arms at least one
 * @param tail ORDER BY and LIMIT of a set operation; empty if there is one arm, which has its own
 */
record Query(List<Part> with, List<Arm> arms, Clauses tail) {
    /** @param operator such as UNION ALL; empty for the first arm */
    record Arm(List<Part> operator, Select select) {}

    Select first() {
        return arms.getFirst().select();
    }

    boolean isCompound() {
        return arms.size() > 1;
    }

    /**
     * One arm.
     *
     * @param modifiers DISTINCT or ALL
     * @param columns the result columns as written; for VALUES the whole
     */
    record Select(
            Kind kind,
            boolean singular,
            List<Part> modifiers,
            List<Part> columns,
            Clauses clauses,
            Optional<Recursion> recursion) {
        enum Kind {
            SELECT_FIRST,
            FROM_FIRST,
            VALUES
        }

        /** The object or array that makes this a deep select: the first column, on its own or with other columns. */
        Optional<Part> shape() {
            if (columns.isEmpty() || (columns.size() > 1 && !endsColumn(columns.get(1)))) {
                return Optional.empty();
            }
            var first = columns.getFirst();
            var isShape = first instanceof ObjectLiteral
                    || (first instanceof ArrayLiteral array
                            && array.onlySelect().isEmpty());
            return isShape ? Optional.of(first) : Optional.empty();
        }

        /** What follows the shape: an alias, other columns. */
        List<Part> afterShape() {
            return columns.subList(1, columns.size());
        }

        /** Whether the shape is the only column. */
        boolean isDeep() {
            return shape().isPresent() && !hasComma(columns);
        }

        /** The alias of the only column, as written. */
        Optional<Token> alias() {
            var size = columns.size();
            if (size < 2 || !(columns.getLast() instanceof Token last)) {
                return Optional.empty();
            }
            var named = (columns.get(size - 2) instanceof Token before && before.is(Keyword.AS))
                    || (shape().isPresent() && size == 2);
            return named ? Optional.of(last) : Optional.empty();
        }

        private static boolean endsColumn(Part part) {
            return part instanceof Token token
                    && (token.is(',') || token.is(Keyword.AS) || token.kind() == Token.Kind.STRING || token.isName());
        }

        /** Whether {@code parts} have a comma before the parenthesis that closes what is not opened in them. */
        static boolean hasComma(List<Part> parts) {
            var depth = 0;
            for (var part : parts) {
                if (part instanceof Token token) {
                    if (token.is(',') && depth == 0) {
                        return true;
                    }
                    depth += token.is('(') ? 1 : token.is(')') ? -1 : 0;
                    if (depth < 0) {
                        return false;
                    }
                }
            }
            return false;
        }
    }

    /**
     * {@code FROM table RECURSE ON (foreign = primary)}.
     *
     * @param table the tokens of its name
     * @param primary as written, or {@code id}
     */
    record Recursion(List<Token> table, String foreign, String primary) {}
}
