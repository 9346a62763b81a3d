package io.merklite.sync.role;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.Report;
import io.merklite.sync.role.RoleMessage.Answer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Section 11 of the specification of replication. */
class RelayTest {
    private final End top = End.open(End.ITEMS);
    private final End middle = End.open(End.ITEMS);
    private final End bottom = End.open(End.ITEMS);
    private final Master master = Master.open(top.store(), End.options());
    private final Relay relay = Relay.open(middle.store(), End.options());
    private final Replica leaf = Replica.open(bottom.store(), End.options());

    @AfterEach
    void close() {
        leaf.close();
        relay.close();
        master.close();
        bottom.close();
        middle.close();
        top.close();
    }

    private void connect() {
        relay.addSink(leaf::handleMessage);
        Conversation.handshake(master, relay);
        Conversation.handshake(relay, leaf);
    }

    private void pass() {
        master.flush().forEach(relay::handleUpstream);
    }

    @Test
    void r90_changesPassThroughToTheLeaves() {
        connect();
        top.sql("INSERT INTO item VALUES (1, 'one', 1)");
        pass();
        top.sql("UPDATE item SET label = 'uno'");
        pass();

        assertThat(bottom.items()).isEqualTo(top.items()).containsExactly("1|uno|1.0");
        assertThat(relay.state()).isEqualTo(Replica.State.LIVE);
    }

    @Test
    void r90_leavesHaveTheStatesOfTheMaster() {
        connect();
        top.sql("INSERT INTO item VALUES (1, 'one', 1)");
        pass();

        var answers = master.handleMessage(leaf.converge());

        assertThat(leaf.handleMessage(answers.getFirst()).answers()).noneMatch(RoleMessage.Ask.class::isInstance);
    }

    @Test
    void r90_removedSinksHearNothing() {
        List<RoleMessage> heard = new ArrayList<>();
        var sink = relay.addSink(heard::add);
        relay.removeSink(99);
        Conversation.handshake(master, relay);
        top.sql("INSERT INTO item VALUES (1, 'one', 1)");
        pass();
        relay.removeSink(sink);
        top.sql("INSERT INTO item VALUES (2, 'two', 1)");
        pass();

        assertThat(heard).hasSize(1);
    }

    @Test
    void r90_subscriptionsWorkOnTheRelay() {
        List<Report> reports = new ArrayList<>();
        relay.subscribe("SELECT count(*) FROM item", reports::add);
        connect();
        top.sql("INSERT INTO item VALUES (1, 'one', 1)");
        pass();

        assertThat(reports).hasSize(2);
    }

    @Test
    void r91_comparisonUpstreamReachesTheLeaves() {
        connect();
        for (var i = 0; i < 100; i++) {
            top.sql("INSERT INTO item VALUES (" + i + ", 'x', 1)");
        }
        middle.sql("INSERT INTO item VALUES (500, 'extra', 1)");
        master.flush();
        var asked = List.of(relay.converge());
        while (!asked.isEmpty()) {
            List<RoleMessage> next = new ArrayList<>();
            for (var message : asked) {
                master.handleMessage(message)
                        .forEach(answer ->
                                next.addAll(relay.handleUpstream(answer).answers()));
            }
            asked = next;
        }

        assertThat(middle.items()).isEqualTo(top.items());
        assertThat(bottom.items()).isEqualTo(top.items());
        assertThat(bottom.store().scrub().run()).isEmpty();
    }

    @Test
    void b92_numbersOfBothDirectionsAreKeptApart() {
        for (var i = 0; i < 10; i++) {
            top.sql("INSERT INTO item VALUES (" + i + ", 'x', 1)");
            master.flush();
        }
        connect();
        top.sql("INSERT INTO item VALUES (100, 'x', 1)");
        pass();
        relay.reset();
        Conversation.handshake(master, relay);
        top.sql("INSERT INTO item VALUES (101, 'x', 1)");
        pass();

        assertThat(relay.upstreamSeq()).isEqualTo(master.currentSeq()).isEqualTo(12);
        assertThat(relay.downstreamSeq()).isNotEqualTo(relay.upstreamSeq());
        assertThat(bottom.items()).isEqualTo(top.items());
    }

    @Test
    void b92_leafResumesByNumberAfterAReset() {
        connect();
        top.sql("INSERT INTO item VALUES (1, 'one', 1)");
        pass();
        leaf.reset();

        var answers = relay.handleDownstream(leaf.hello());

        assertThat(answers).noneMatch(Answer.class::isInstance).hasSize(1);
        leaf.handleMessage(answers.getFirst());
        assertThat(leaf.state()).isEqualTo(Replica.State.LIVE);
    }
}
