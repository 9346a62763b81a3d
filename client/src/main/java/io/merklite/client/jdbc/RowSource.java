package io.merklite.client.jdbc;

import io.merklite.client.Column;
import io.merklite.client.Result;
import io.merklite.client.Row;
import io.merklite.client.hrana.CursorEntry;
import io.merklite.client.hrana.CursorReader;
import io.merklite.client.hrana.SqlStream;
import io.merklite.query.subscribe.SqlValue;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;

/** Where the rows of a result come from. */
sealed interface RowSource {
    List<Column> columns();

    /** The next row; none at the end. */
    Optional<List<SqlValue>> next() throws SQLException;

    /** Nobody wants the rest. */
    void close() throws SQLException;

    /** All rows at once. */
    final class Buffered implements RowSource {
        private final List<Column> columns;
        private final List<List<SqlValue>> rows;
        private int position;

        Buffered(List<Column> columns, List<List<SqlValue>> rows) {
            this.columns = List.copyOf(columns);
            this.rows = List.copyOf(rows);
        }

        static Buffered of(Result result) {
            return new Buffered(
                    result.columns(), result.rows().stream().map(Row::values).toList());
        }

        @Override
        public List<Column> columns() {
            return columns;
        }

        @Override
        public Optional<List<SqlValue>> next() {
            return position < rows.size() ? Optional.of(rows.get(position++)) : Optional.empty();
        }

        int rowCount() {
            return rows.size();
        }

        List<SqlValue> row(int index) {
            return rows.get(index);
        }

        @Override
        public void close() {
            position = rows.size();
        }
    }

    /**
     * Rows as the node sends them.
     *
     * <p><b>Invariant.</b> On the stream of a transaction, whatever comes next there waits until all rows have been read:
     * {@link #buffer} does that.
     */
    final class Streamed implements RowSource {
        private final SqlStream stream;
        private final CursorReader cursor;
        private final Running running;
        private final int step;
        private final boolean keepsStream;
        private final Queue<List<SqlValue>> buffered = new ArrayDeque<>();
        private List<Column> columns = List.of();
        private boolean isAtEnd;
        private boolean isBuffered;

        /**
         * @param step of the cursor's batch whose rows these are; earlier ones must succeed
         * @param keepsStream whether the stream goes on after it
         */
        Streamed(SqlStream stream, CursorReader cursor, Running running, int step, boolean keepsStream) {
            this.stream = stream;
            this.cursor = cursor;
            this.running = running;
            this.step = step;
            this.keepsStream = keepsStream;
        }

        /** Reads up to the first row. */
        void begin() throws SQLException {
            var isBegun = false;
            while (!isBegun && !isAtEnd) {
                var entry = read();
                isBegun =
                        entry.isPresent() && entry.get() instanceof CursorEntry.StepBegun begun && begun.step() == step;
            }
        }

        private Optional<CursorEntry> read() throws SQLException {
            Optional<CursorEntry> entry;
            try {
                entry = running.reading(cursor::close, cursor::next);
            } catch (SQLException e) {
                isAtEnd = true;
                if (!keepsStream) {
                    stream.abandon();
                }
                throw e;
            }
            if (entry.isEmpty()) {
                end();
                return entry;
            }
            switch (entry.get()) {
                case CursorEntry.StepBegun begun -> columns = begun.columns();
                case CursorEntry.StepEnded ended -> {
                    // rows are what matters here
                }
                case CursorEntry.StepFailed failed -> {
                    drain();
                    throw SqlStates.of(failed.error().at(0));
                }
                case CursorEntry.Failed failed -> {
                    drain();
                    throw SqlStates.of(failed.error().at(0));
                }
                case CursorEntry.RowRead row -> {
                    // the caller's
                }
                case CursorEntry.Head head -> {
                    // told to the stream already
                }
            }
            return entry;
        }

        private void drain() throws SQLException {
            while (!isAtEnd) {
                if (running.reading(cursor::close, cursor::next).isEmpty()) {
                    end();
                }
            }
        }

        private void end() {
            isAtEnd = true;
            if (!keepsStream) {
                var unused = stream.close();
            }
        }

        @Override
        public List<Column> columns() {
            return columns;
        }

        @Override
        public Optional<List<SqlValue>> next() throws SQLException {
            if (isBuffered) {
                return Optional.ofNullable(buffered.poll());
            }
            while (!isAtEnd) {
                var entry = read();
                if (entry.isPresent() && entry.get() instanceof CursorEntry.RowRead row) {
                    return Optional.of(row.values());
                }
            }
            return Optional.empty();
        }

        /** Reads the rest into memory, so that the stream can go on. */
        void buffer() throws SQLException {
            List<List<SqlValue>> rest = new ArrayList<>();
            for (var row = next(); row.isPresent(); row = next()) {
                rest.add(row.get());
            }
            buffered.addAll(rest);
            isBuffered = true;
        }

        /** Reads rows into memory, all or the first {@code maxCount} if that is more than 0, and closes this. */
        Buffered read(int maxCount) throws SQLException {
            List<List<SqlValue>> rows = new ArrayList<>();
            while (maxCount == 0 || rows.size() < maxCount) {
                var row = next();
                if (row.isEmpty()) {
                    break;
                }
                rows.add(row.get());
            }
            close();
            return new Buffered(columns, rows);
        }

        /** Gives up the rest, and with it the stream: the connection is closed. */
        void abandon() {
            if (!isAtEnd) {
                isAtEnd = true;
                cursor.close();
                stream.abandon();
            }
        }

        /** Within a transaction the rest is read, for the sake of the transaction. */
        @Override
        public void close() throws SQLException {
            if (isAtEnd) {
                buffered.clear();
            } else if (keepsStream) {
                drain();
            } else {
                abandon();
            }
        }
    }
}
