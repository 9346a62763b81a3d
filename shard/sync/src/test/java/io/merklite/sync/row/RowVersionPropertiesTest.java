package io.merklite.sync.row;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class RowVersionPropertiesTest {
    private static final List<MergePolicy> POLICIES =
            List.of(MergePolicy.LAST_WRITER_WINS, MergePolicy.MAX, MergePolicy.MIN);

    @Property(tries = 5000)
    void joinIsCommutative(
            @ForAll("versions") RowVersion one,
            @ForAll("versions") RowVersion two,
            @ForAll("policies") MergePolicy policy) {
        assertThat(one.join(two, policy)).isEqualTo(two.join(one, policy));
    }

    @Property(tries = 5000)
    void joinIsAssociative(
            @ForAll("versions") RowVersion one,
            @ForAll("versions") RowVersion two,
            @ForAll("versions") RowVersion three,
            @ForAll("policies") MergePolicy policy) {
        var left = one.join(two, policy).join(three, policy);

        var right = one.join(two.join(three, policy), policy);

        assertThat(left).isEqualTo(right);
    }

    @Property
    void joinIsIdempotent(@ForAll("versions") RowVersion one, @ForAll("policies") MergePolicy policy) {
        assertThat(one.join(one, policy)).isEqualTo(one);
    }

    @Property
    void joinNeverForgets(
            @ForAll("versions") RowVersion one,
            @ForAll("versions") RowVersion two,
            @ForAll("policies") MergePolicy policy) {
        var joined = one.join(two, policy);

        assertThat(joined.join(one, policy)).isEqualTo(joined);
        assertThat(joined.join(two, policy)).isEqualTo(joined);
    }

    @Property
    void anyOrderAndRepetitionGivesTheSameRow(
            @ForAll("histories") List<RowVersion> history, @ForAll long seed, @ForAll("policies") MergePolicy policy) {
        List<RowVersion> shuffled = new ArrayList<>(history);
        shuffled.addAll(history.subList(0, history.size() / 2));
        Collections.shuffle(shuffled, new Random(seed));

        var inOrder = history.stream().reduce((one, two) -> one.join(two, policy));
        var anyOrder = shuffled.stream().reduce((one, two) -> one.join(two, policy));

        assertThat(anyOrder).isEqualTo(inOrder);
    }

    @Property
    void valueOrderIsTotal(
            @ForAll("values") ChangesetValue one,
            @ForAll("values") ChangesetValue two,
            @ForAll("values") ChangesetValue three) {
        var order = ValueOrder.compare(one, two);

        assertThat(ValueOrder.compare(two, one)).isEqualTo(-order);
        assertThat(order == 0).isEqualTo(one.equals(two));
        if (order <= 0 && ValueOrder.compare(two, three) <= 0) {
            assertThat(ValueOrder.compare(one, three)).isNotPositive();
        }
    }

    @Provide
    Arbitrary<MergePolicy> policies() {
        return Arbitraries.of(POLICIES);
    }

    @Provide
    Arbitrary<List<RowVersion>> histories() {
        return versions().list().ofMinSize(2).ofMaxSize(12);
    }

    /** Few stamps, so that equal births and equal column stamps are common. */
    @Provide
    Arbitrary<RowVersion> versions() {
        var alive = Combinators.combine(stamps(), cells(), cells(), counters())
                .as((birth, one, two, counter) -> RowVersion.alive(birth, List.of(one, two, counter)));
        var dead = Combinators.combine(stamps(), stamps()).as(RowVersion::dead);
        return Arbitraries.oneOf(alive, alive, alive, dead);
    }

    private static Arbitrary<Cell> cells() {
        Arbitrary<Cell> registers = Combinators.combine(valuesOf(), stamps()).as(Cell.Register::new);
        return Arbitraries.oneOf(Arbitraries.just(Cell.Unknown.INSTANCE), registers, registers);
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

    @Provide
    Arbitrary<ChangesetValue> values() {
        return valuesOf();
    }

    private static Arbitrary<ChangesetValue> valuesOf() {
        var big = 1L << 53;
        return Arbitraries.of(
                ChangesetValue.NULL,
                new ChangesetValue.Integer(-1),
                new ChangesetValue.Integer(1),
                new ChangesetValue.Integer(big),
                new ChangesetValue.Integer(big + 1),
                new ChangesetValue.Integer(Long.MAX_VALUE),
                new ChangesetValue.Real(1),
                new ChangesetValue.Real(big),
                new ChangesetValue.Real(0x1p63),
                new ChangesetValue.Real(-0.0),
                new ChangesetValue.Real(0.0),
                new ChangesetValue.Integer(0),
                new ChangesetValue.Real(Double.POSITIVE_INFINITY),
                new ChangesetValue.Real(Double.NEGATIVE_INFINITY),
                ChangesetValue.Text.of(""),
                ChangesetValue.Text.of("a"),
                ChangesetValue.Text.of("ab"),
                ChangesetValue.Blob.copyOf(new byte[] {(byte) 0x80}),
                ChangesetValue.Blob.copyOf(new byte[] {1, 2}));
    }
}
