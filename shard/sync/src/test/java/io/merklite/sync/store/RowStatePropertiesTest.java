package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.row.Cell;
import io.merklite.sync.row.MergePolicy;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.vector.VersionVector;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;

/** A version of a row, any, comes back from the file as it went in, and joins there as {@link RowVersion} says. */
class RowStatePropertiesTest {
    private static final List<ChangesetValue> KEY = List.of(new ChangesetValue.Integer(1));

    private TestReplica replica;

    /** An instance is used for all tries. */
    @BeforeTry
    void open() throws SQLException {
        replica = TestReplica.open(
                "r",
                1,
                List.of("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, n)"),
                options -> options.withMerges(Map.of("t", TableMerge.LAST_WRITER_WINS.withCounters("n"))));
    }

    @AfterTry
    void close() {
        replica.close();
    }

    private void merge(RowVersion version) {
        replica.store().mergeRows("t", List.of(new RemoteRow(KEY, version)), VersionVector.EMPTY);
    }

    private RowVersion stored() {
        var rows = replica.store().ranges().rows("t", KeyRange.ALL, 9).rows();
        assertThat(rows).hasSize(1);
        return rows.getFirst().version();
    }

    @Property(tries = 100)
    void versionComesBackFromTheFile(@ForAll("versions") RowVersion version) {
        merge(version);

        assertThat(stored()).isEqualTo(version);
        replica.requireConsistent();
    }

    @Property(tries = 200)
    void versionsJoinInTheFileAsInMemory(@ForAll("versions") RowVersion one, @ForAll("versions") RowVersion other) {
        merge(one);
        merge(other);
        merge(one);

        assertThat(stored()).isEqualTo(one.join(other, MergePolicy.LAST_WRITER_WINS));
        replica.requireConsistent();
    }

    /** Few stamps, so that equal births and equal stamps of columns are common. */
    @Provide
    Arbitrary<RowVersion> versions() {
        var alive = Combinators.combine(stamps(), registers(), registers(), counters())
                .as((birth, a, b, n) -> RowVersion.alive(birth, List.of(a, b, n)));
        var dead = Combinators.combine(stamps(), stamps()).as(RowVersion::dead);
        return Arbitraries.oneOf(alive, alive, alive, dead);
    }

    private static Arbitrary<Cell> registers() {
        return Combinators.combine(
                        Arbitraries.<ChangesetValue>of(
                                ChangesetValue.NULL,
                                new ChangesetValue.Integer(Long.MIN_VALUE),
                                new ChangesetValue.Integer(7),
                                new ChangesetValue.Real(0.5),
                                new ChangesetValue.Real(-0.0),
                                ChangesetValue.Text.of(""),
                                ChangesetValue.Text.of("a"),
                                ChangesetValue.Blob.copyOf(new byte[] {1, 0})),
                        stamps())
                .as(Cell.Register::new);
    }

    /** The base of a counter is that of its row's birth, so it is the same wherever births are equal. */
    private static Arbitrary<Cell> counters() {
        return Arbitraries.maps(
                        Arbitraries.longs().between(1, 3).map(Origin::new),
                        Arbitraries.longs()
                                .between(1, 4)
                                .map(clock -> new Cell.Counter.Total(clock, new ChangesetValue.Integer(clock * 7))))
                .ofMaxSize(3)
                .map(totals -> {
                    SortedMap<Origin, Cell.Counter.Total> sorted = new TreeMap<>(totals);
                    return new Cell.Counter(new ChangesetValue.Integer(10), sorted);
                });
    }

    private static Arbitrary<Stamp> stamps() {
        return Combinators.combine(
                        Arbitraries.longs().between(1, 3),
                        Arbitraries.longs().between(1, 2).map(Origin::new))
                .as(Stamp::new);
    }
}
