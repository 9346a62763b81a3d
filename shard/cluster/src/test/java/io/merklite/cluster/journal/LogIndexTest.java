package io.merklite.cluster.journal;

import static io.merklite.cluster.journal.Transactions.ANNE;
import static io.merklite.cluster.journal.Transactions.BERT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.cluster.ClusterException.LogDamaged;
import io.merklite.cluster.journal.LogIndex.Run;
import io.merklite.cluster.journal.LogReading.Found;
import io.merklite.cluster.journal.LogReading.Span;
import io.merklite.cluster.journal.LogSettings.Retain;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class LogIndexTest {
    private static final Retain RETAIN = new Retain(1000, 1 << 20, Duration.ofHours(1));

    private final LogIndex index = new LogIndex(RETAIN);

    @Test
    void transactionsThatFollowEachOtherAreOneRun() {
        for (var seq = 1; seq <= 500; seq++) {
            index.logged(ANNE, seq, 100, 0);
        }

        assertThat(index.snapshot().origins())
                .containsExactly(new LogSnapshot.OriginRuns(ANNE, 500, List.of(new Run(1, 1, 500))));
    }

    @Test
    void seqThatDoesNotRiseIsDamage() {
        index.logged(ANNE, 5, 100, 0);

        assertThatThrownBy(() -> index.logged(ANNE, 5, 100, 0)).isInstanceOf(LogDamaged.class);
    }

    @Test
    void newestIsKeptHoweverLargeItIs() {
        index.logged(ANNE, 1, 100, 0);
        index.logged(ANNE, 2, 5 << 20, 0);

        assertThat(index.excess(0)).isEmpty();
        index.logged(ANNE, 3, 5 << 20, 0);
        assertThat(index.excess(0)).isEqualTo(OptionalLong.of(2));
    }

    @Test
    void spansThatAreCloseAreReadAsOne() {
        for (var seq = 1; seq <= 5; seq++) {
            index.logged(ANNE, seq, 100, 0);
            index.logged(BERT, seq, 100, 0);
        }
        for (var seq = 6; seq <= 50; seq++) {
            index.logged(BERT, seq, 100, 0);
        }
        index.logged(ANNE, 6, 100, 0);

        assertThat(index.locate(List.of(new SeqRange(ANNE, 2, 6))).spans())
                .containsExactly(new Span(3, 9), new Span(56, 56));
    }

    @Test
    void eventThatIsNotWhatTheIndexSaysIsDamage() {
        index.logged(ANNE, 1, 100, 0);
        var reading = index.locate(List.of(new SeqRange(ANNE, 1, 1)));

        assertThatThrownBy(() -> reading.wants(new Found(1, Transactions.transaction(BERT, 1))))
                .isInstanceOf(LogDamaged.class);
    }

    @Test
    void whatWasCutDuringTheReadIsGone() {
        for (var seq = 1; seq <= 6; seq++) {
            index.logged(ANNE, seq, 100, 0);
        }
        var reading = index.locate(List.of(new SeqRange(ANNE, 1, 6)));

        var page = reading.page(List.of(new Found(4, Transactions.transaction(ANNE, 4))), 4);

        assertThat(page)
                .isEqualTo(new ChangesetLog.Page(
                        List.of(Transactions.transaction(ANNE, 4)),
                        List.of(new SeqRange(ANNE, 1, 3)),
                        List.of(new SeqRange(ANNE, 5, 6))));
    }
}
