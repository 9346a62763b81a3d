package io.merklite.cluster.replica;

import io.merklite.cluster.sql.WriterTransaction;
import java.sql.SQLException;

/** A replica's transaction, as a run of SQL needs it. */
record CoreTransaction(ReplicaCore core) implements WriterTransaction {
    @Override
    public void begin(boolean foreignKeys) {
        core.begin(foreignKeys);
    }

    @Override
    public void changeSchema(String sql, boolean isAlter) throws SQLException {
        core.changeSchema(sql);
    }

    @Override
    public void rolledBack() {
        core.rolledBackToSavepoint();
    }

    @Override
    public void rollback() {
        core.rollback();
    }

    @Override
    public long commitCount() {
        return core.commitCount();
    }
}
