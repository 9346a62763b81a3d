package io.merklite.client.hrana;

import io.merklite.client.ClientException.StatementFailed;
import io.merklite.client.Column;
import io.merklite.query.subscribe.SqlValue;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** A line of a cursor. */
public sealed interface CursorEntry {
    /** The first line: what the stream goes on with; none if it has ended. */
    record Head(Optional<String> baton) implements CursorEntry {}

    /** A step begins. */
    record StepBegun(int step, List<Column> columns) implements CursorEntry {
        public StepBegun {
            columns = List.copyOf(columns);
        }
    }

    /** A row of the step that runs. */
    record RowRead(List<SqlValue> values) implements CursorEntry {
        public RowRead {
            values = List.copyOf(values);
        }
    }

    /** The step that runs has ended. */
    record StepEnded(long affectedRowCount, OptionalLong lastInsertRowid) implements CursorEntry {}

    /** A step has failed. */
    record StepFailed(StatementFailed error) implements CursorEntry {}

    /** The batch has failed; nothing follows. */
    record Failed(StatementFailed error) implements CursorEntry {}
}
