package io.merklite.loadtest.hotpath;

import io.merklite.session.changeset.Changeset;
import io.merklite.session.changeset.ChangesetBuilder;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.TableInfo;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** A changeset of 100 inserted rows with an integer, a text of 20 bytes and a real number. */
@State(Scope.Benchmark)
public class ChangesetBenchmark {
    private static final int ROWS = 100;

    private final TableInfo table = new TableInfo("users", List.of(1, 0, 0));
    private final List<List<ChangesetValue>> rows = rows();
    private final Changeset changeset = encoded();
    private final byte[] bytes = bytes(changeset);

    private static List<List<ChangesetValue>> rows() {
        List<List<ChangesetValue>> rows = new ArrayList<>();
        for (var id = 0; id < ROWS; id++) {
            rows.add(List.of(
                    new ChangesetValue.Integer(id),
                    ChangesetValue.Text.of("user number " + (10_000_000 + id)),
                    new ChangesetValue.Real(id / 3.0)));
        }
        return rows;
    }

    private Changeset encoded() {
        var builder = new ChangesetBuilder();
        var into = builder.table(table);
        rows.forEach(into::insert);
        return builder.build();
    }

    private static byte[] bytes(Changeset changeset) {
        var view = changeset.view();
        var bytes = new byte[view.remaining()];
        view.get(bytes);
        return bytes;
    }

    /** From values to bytes, one net change a row. */
    @Benchmark
    public Changeset encode100Rows() {
        return encoded();
    }

    /** From bytes to values. */
    @Benchmark
    public void decode100Rows(Blackhole sink) {
        var cursor = new ChangesetCursor(bytes);
        while (cursor.next()) {
            for (var column = 0; column < cursor.columnCount(); column++) {
                sink.consume(cursor.newValue(column));
            }
        }
    }

    /** What undoes it. */
    @Benchmark
    public Changeset invert100Rows() {
        return changeset.invert();
    }
}
