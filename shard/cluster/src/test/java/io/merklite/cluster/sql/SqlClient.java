package io.merklite.cluster.sql;

import io.merklite.query.subscribe.SqlValue;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** One stream of a client, in the shortest words. */
final class SqlClient {
    private final SqlOwner owner;
    private final SqlStreamState state = new SqlStreamState();
    private final boolean isReadOnly;

    SqlClient(SqlOwner owner) {
        this(owner, false);
    }

    SqlClient(SqlOwner owner, boolean isReadOnly) {
        this.owner = owner;
        this.isReadOnly = isReadOnly;
    }

    SqlStreamState state() {
        return state;
    }

    List<SqlResponse> run(SqlRequest... requests) {
        return owner.run(state, isReadOnly, requests);
    }

    /** One statement, whatever becomes of it. */
    StepOutcome execute(String sql, SqlValue... args) {
        return execute(SqlStatement.of(sql, args));
    }

    StepOutcome execute(SqlStatement statement) {
        return outcomes(new SqlRequest.Batch(List.of(new SqlStep(statement, Optional.empty()))))
                .getFirst();
    }

    /** One statement that must succeed. */
    StatementResult query(String sql, SqlValue... args) {
        return done(execute(sql, args));
    }

    /** The first value of the first row. */
    SqlValue value(String sql, SqlValue... args) {
        return query(sql, args).rows().getFirst().getFirst();
    }

    /** Why a statement fails. */
    SqlError error(String sql, SqlValue... args) {
        return failed(execute(sql, args));
    }

    List<StepOutcome> outcomes(SqlRequest.Batch batch) {
        return ((SqlResponse.BatchDone) run(batch).getFirst()).outcomes();
    }

    /** A batch without conditions. */
    List<StepOutcome> batch(String... statements) {
        return outcomes(new SqlRequest.Batch(Arrays.stream(statements)
                .map(sql -> new SqlStep(SqlStatement.of(sql), Optional.empty()))
                .toList()));
    }

    SqlResponse sequence(String sql) {
        return run(new SqlRequest.Sequence(sql)).getFirst();
    }

    SqlResponse describe(String sql) {
        return run(new SqlRequest.Describe(sql)).getFirst();
    }

    boolean isAutocommit() {
        return ((SqlResponse.AutocommitIs) run(SqlRequest.Autocommit.AUTOCOMMIT).getFirst()).isAutocommit();
    }

    static StatementResult done(StepOutcome outcome) {
        if (outcome instanceof StepOutcome.Done done) {
            return done.result();
        }
        throw new AssertionError(outcome.toString());
    }

    static SqlError failed(StepOutcome outcome) {
        if (outcome instanceof StepOutcome.Failed failed) {
            return failed.error();
        }
        throw new AssertionError(outcome.toString());
    }
}
