package io.merklite.cluster.sql;

import io.merklite.cluster.sql.AnalysedStatement.Kind;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Tells what statements are. Nothing of them runs. */
final class StatementDescription {
    private final SqlStatements statements;
    private final StreamTransactions transactions;

    StatementDescription(SqlStatements statements, StreamTransactions transactions) {
        this.statements = statements;
        this.transactions = transactions;
    }

    SqlResponse.Described of(AnalysedStatement statement) throws SqlFailure, SQLException {
        if (statement.refusal().isPresent()) {
            throw new SqlFailure(statement.refusal().get());
        }
        if (actsWhenPrepared(statement)) {
            var columns = statement.isSwitchedOn().isPresent()
                    ? List.<ResultColumn>of()
                    : List.of(new ResultColumn(statement.name(), Optional.empty()));
            return new SqlResponse.Described(List.of(), columns, false, true);
        }
        try {
            if (transactions.isShared()) {
                statements.followSchema();
            }
            var prepared = statements.prepare(statement.sql());
            return new SqlResponse.Described(
                    parameters(statement, prepared.parameterCount()),
                    prepared.columns(),
                    statement.isExplain(),
                    isReadOnly(statement));
        } catch (SQLException e) {
            throw new SqlFailure(SqlErrors.of(e, true));
        }
    }

    /** SQLite switches some settings while it prepares their PRAGMA. */
    private static boolean actsWhenPrepared(AnalysedStatement statement) {
        return statement.kind() == Kind.FOREIGN_KEYS || statement.kind() == Kind.DEFER_FOREIGN_KEYS;
    }

    private static List<Optional<String>> parameters(AnalysedStatement statement, int count) {
        var names = statement.parameters();
        return IntStream.range(0, count)
                .mapToObj(i -> i < names.size() ? names.get(i) : Optional.<String>empty())
                .toList();
    }

    /** As SQLite has it: an EXPLAIN is what it explains, and BEGIN only sets a flag, unless it takes the lock. */
    private boolean isReadOnly(AnalysedStatement statement) throws SQLException {
        return switch (statement.kind()) {
            case READ -> !statement.isExplain() || !statements.wouldWrite(statement.explained());
            case WRITE, SCHEMA -> !statements.wouldWrite(statement.sql());
            case BEGIN -> !statement.isImmediate();
            case PRAGMA, FOREIGN_KEYS, DEFER_FOREIGN_KEYS -> true;
            case COMMIT, ROLLBACK, SAVEPOINT, RELEASE, ROLLBACK_TO -> true;
        };
    }
}
