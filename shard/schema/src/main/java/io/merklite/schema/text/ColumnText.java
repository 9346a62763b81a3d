package io.merklite.schema.text;

import java.util.List;
import java.util.stream.Stream;

/**
 * A column in the text of its table.
 *
 * @param name its name without quotes
 * @param definition as written, from the name to the last clause
 * @param nameAndType as written, without the clauses
 * @param clauses what follows the type
 */
public record ColumnText(String name, String definition, String nameAndType, List<Clause> clauses) {
    public ColumnText {
        clauses = List.copyOf(clauses);
    }

    /** The clauses of one kind. */
    public Stream<Clause> clauses(Clause.Kind kind) {
        return clauses.stream().filter(clause -> clause.kind() == kind);
    }
}
