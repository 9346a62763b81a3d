package io.merklite.sync.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.sync.stamp.Origin;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class VersionVectorPropertiesTest {
    @Property
    void joinIsALattice(
            @ForAll("vectors") VersionVector one,
            @ForAll("vectors") VersionVector two,
            @ForAll("vectors") VersionVector three) {
        assertThat(one.join(two)).isEqualTo(two.join(one));
        assertThat(one.join(two).join(three)).isEqualTo(one.join(two.join(three)));
        assertThat(one.join(one)).isEqualTo(one);
    }

    @Property
    void joinIsTheLeastThatCoversBoth(
            @ForAll("vectors") VersionVector one,
            @ForAll("vectors") VersionVector two,
            @ForAll("vectors") VersionVector bound) {
        var joined = one.join(two);

        assertThat(joined.covers(one) && joined.covers(two)).isTrue();
        if (bound.covers(one) && bound.covers(two)) {
            assertThat(bound.covers(joined)).isTrue();
        }
    }

    @Property
    void meetIsTheGreatestThatBothCover(
            @ForAll("vectors") VersionVector one,
            @ForAll("vectors") VersionVector two,
            @ForAll("vectors") VersionVector bound) {
        var met = one.meet(two);

        assertThat(one.covers(met) && two.covers(met)).isTrue();
        if (one.covers(bound) && two.covers(bound)) {
            assertThat(met.covers(bound)).isTrue();
        }
    }

    @Property
    void whatIsMissingLeadsToTheJoin(@ForAll("vectors") VersionVector mine, @ForAll("vectors") VersionVector theirs) {
        var caughtUp = mine;
        for (var range : mine.missingFrom(theirs)) {
            assertThat(range.first()).isEqualTo(mine.seq(range.origin()) + 1);
            caughtUp = caughtUp.with(range.origin(), range.last());
        }

        assertThat(caughtUp).isEqualTo(mine.join(theirs));
    }

    @Provide
    Arbitrary<VersionVector> vectors() {
        return Arbitraries.maps(
                        Arbitraries.of(1L, 2L, -1L, Long.MIN_VALUE).map(Origin::new),
                        Arbitraries.longs().between(0, 3))
                .ofMaxSize(4)
                .map(VersionVector::of);
    }
}
