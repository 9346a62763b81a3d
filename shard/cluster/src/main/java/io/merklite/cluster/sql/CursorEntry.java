package io.merklite.cluster.sql;

import io.merklite.query.subscribe.SqlValue;
import java.util.List;
import java.util.OptionalLong;

/** A piece of a batch's results. Nothing for a step that was skipped. */
public sealed interface CursorEntry {
    /** A step begins; {@code columns} is empty for statements without rows. */
    record StepBegun(int step, List<ResultColumn> columns) implements CursorEntry {
        public StepBegun {
            columns = List.copyOf(columns);
        }
    }

    /** A row of the step that runs. */
    record Row(List<SqlValue> values) implements CursorEntry {
        public Row {
            values = List.copyOf(values);
        }
    }

    /** The step that runs has ended. */
    record StepEnded(long affectedRowCount, OptionalLong lastInsertRowid) implements CursorEntry {}

    /** A step has failed, possibly after rows of it. */
    record StepFailed(int step, SqlError error) implements CursorEntry {}

    /** The batch has failed; nothing follows. */
    record Failed(SqlError error) implements CursorEntry {}
}
