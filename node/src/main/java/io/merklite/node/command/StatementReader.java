package io.merklite.node.command;

import io.merklite.schema.text.SqlTokens;
import io.merklite.schema.text.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Cuts lines into statements, at semicolons that are not part of a string, a comment or a trigger's body. Keeps what has
 * come of a statement that goes on in the next line.
 */
final class StatementReader {
    private final StringBuilder text = new StringBuilder();

    /** Takes a line, and returns the statements that are whole now. */
    List<String> add(String line) {
        text.append(line).append('\n');
        List<String> whole = new ArrayList<>();
        for (var end = end(); end.isPresent(); end = end()) {
            whole.add(text.substring(0, end.get()));
            text.delete(0, end.get());
        }
        return whole.stream().filter(statement -> !isEmpty(statement)).toList();
    }

    /** What is left without a semicolon at the end of the input. */
    Optional<String> rest() {
        return Optional.of(text.toString().strip()).filter(rest -> !isEmpty(rest));
    }

    /** Whether a statement has begun. */
    boolean isInside() {
        return !isEmpty(text.toString());
    }

    private Optional<Integer> end() {
        var tokens = SqlTokens.of(text.toString());
        for (var i = 0; i < tokens.size(); i++) {
            if (tokens.get(i).isSymbol(";") && !isInTrigger(tokens.subList(0, i))) {
                return Optional.of(tokens.get(i).end());
            }
        }
        return Optional.empty();
    }

    /** A trigger ends with END behind a semicolon. */
    private static boolean isInTrigger(List<Token> before) {
        var isTrigger = before.size() > 2
                && before.getFirst().is("CREATE")
                && before.subList(1, 3).stream().anyMatch(token -> token.is("TRIGGER"));
        return isTrigger
                && !(before.getLast().is("END") && before.get(before.size() - 2).isSymbol(";"));
    }

    private static boolean isEmpty(String statement) {
        return SqlTokens.of(statement).stream().allMatch(token -> token.isSymbol(";"));
    }
}
