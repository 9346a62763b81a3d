package io.merklite.node.hrana;

import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.SqlStatement.NamedArg;
import io.merklite.query.subscribe.SqlValue;
import java.util.List;

/** A statement as it came: a {@link SqlStatement} whose text may have to be looked up. */
record HranaStatement(SqlText text, List<SqlValue> args, List<NamedArg> namedArgs, boolean wantRows) {
    HranaStatement {
        args = List.copyOf(args);
        namedArgs = List.copyOf(namedArgs);
    }

    SqlStatement resolve(StoredSql stored) {
        return new SqlStatement(stored.resolve(text), args, namedArgs, wantRows);
    }
}
