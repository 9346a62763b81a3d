package io.merklite.schema.text;

import java.util.List;
import java.util.stream.Stream;

/**
 * A column in the text of its table.
 *
 * @param name its name without quotes
 * @param start offset of its name in the statement
 * @param definition as written, from the name to the last clause
 * @param nameAndType as written, without the clauses
 * @param clauses what follows the type
 */
public record ColumnText(String name, int start, String definition, String nameAndType, List<Clause> clauses) {
    public ColumnText {
        clauses = List.copyOf(clauses);
    }

    /** As written, without the clauses of {@code kind}. */
    public String definitionWithout(Clause.Kind kind) {
        var text = new StringBuilder(definition);
        for (var clause : clauses.reversed()) {
            if (clause.kind() == kind) {
                text.delete(clause.start() - start, clause.end() - start);
            }
        }
        return text.toString().strip();
    }

    /** The clauses of one kind. */
    public Stream<Clause> clauses(Clause.Kind kind) {
        return clauses.stream().filter(clause -> clause.kind() == kind);
    }
}
