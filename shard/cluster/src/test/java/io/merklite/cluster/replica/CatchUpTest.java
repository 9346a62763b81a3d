package io.merklite.cluster.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.sync.stamp.Origin;
import io.merklite.sync.vector.VersionVector;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CatchUpTest {
    private static final Origin WRITER = new Origin(7);
    private static final List<String> TWO = List.of("node/a2", "node/a3");

    private final CatchUp catchUp = new CatchUp();

    @Test
    void onlyCopyHasEverything() {
        assertThat(catchUp.isDone(List.of(), at(0), follower -> at(9))).isTrue();
    }

    @Test
    void oneOfTwoFollowersIsAMajorityWithTheWriter() {
        assertThat(catchUp.isDone(TWO, at(3), follower -> at(3))).isFalse();

        catchUp.heard("node/a3");

        assertThat(catchUp.isDone(TWO, at(3), follower -> at(3))).isTrue();
    }

    @Test
    void theOnlyFollowerIsWaitedFor() {
        assertThat(catchUp.isDone(List.of("node/a2"), at(3), follower -> at(3))).isFalse();

        catchUp.heard("node/a2");

        assertThat(catchUp.isDone(List.of("node/a2"), at(3), follower -> at(3))).isTrue();
    }

    @Test
    void whatAnyOfThoseHeardHasIsWaitedFor() {
        catchUp.heard("node/a2");
        catchUp.heard("node/a3");
        var others = Map.of("node/a2", at(3), "node/a3", at(5));

        assertThat(catchUp.isDone(TWO, at(4), others::get)).isFalse();
        assertThat(catchUp.isDone(TWO, at(5), others::get)).isTrue();
    }

    @Test
    void whoKeepsNoCopyDoesNotCount() {
        catchUp.heard("node/a9");

        assertThat(catchUp.isDone(TWO, at(3), follower -> at(3))).isFalse();
    }

    private static VersionVector at(long seq) {
        return seq == 0 ? VersionVector.EMPTY : VersionVector.EMPTY.with(WRITER, seq);
    }
}
