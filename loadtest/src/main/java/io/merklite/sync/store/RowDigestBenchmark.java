package io.merklite.sync.store;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.row.Cell;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import java.util.List;
import java.util.Optional;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The digest of a row of three columns, one of them written after the birth. Here because the digest is private to its package. */
@State(Scope.Benchmark)
public class RowDigestBenchmark {
    private static final Stamp BIRTH = new Stamp(1L << 40, new Origin(7));
    private static final Stamp LATER = new Stamp(1L << 41, new Origin(9));

    private final ChangesetValue key = new ChangesetValue.Integer(42);
    private final RowVersion row = new RowVersion(
            BIRTH,
            Optional.empty(),
            List.of(
                    new Cell.Register(ChangesetValue.Text.of("user number 10000042"), BIRTH),
                    new Cell.Register(new ChangesetValue.Real(1.5), LATER)));
    private final long[] seeds = {RowDigest.seed("name"), RowDigest.seed("value")};

    /** With the hash of the key. */
    @Benchmark
    public long digest() {
        return RowDigest.of(RowDigest.valueHash(key), row, seeds);
    }
}
