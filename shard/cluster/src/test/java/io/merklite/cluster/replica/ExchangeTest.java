package io.merklite.cluster.replica;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.replicate.Envelope;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a follower does with messages that wait. */
class ExchangeTest {
    private static final ReplicaSettings SETTINGS =
            ReplicaSettings.from(ConfigFactory.load().getConfig("merklite"));

    @TempDir
    Path directory;

    private final List<List<Transaction>> appended = new ArrayList<>();
    private final List<SyncMessage> sent = new ArrayList<>();
    private ReplicaCore writer;
    private ReplicaCore follower;
    private Exchange exchange;

    private final class FakeLog implements Exchange.Log {
        @Override
        public void append(List<Transaction> transactions) {
            appended.add(transactions);
        }

        @Override
        public void read(List<SeqRange> ranges) {
            throw new AssertionError("nothing asks for " + ranges);
        }
    }

    @BeforeEach
    void open() throws SQLException {
        writer = core("writer", 1);
        follower = core("follower", 2);
        exchange = new Exchange(
                follower,
                new FakeLog(),
                envelopes -> envelopes.stream().map(Envelope::message).forEach(sent::add));
        var schema = write("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT)");
        exchange.offer(PeerName.WRITER, new SyncMessage.Publish(schema));
        exchange.pump();
        exchange.appended();
        appended.clear();
        sent.clear();
    }

    @AfterEach
    void close() {
        writer.close();
        follower.close();
    }

    private ReplicaCore core(String name, long seed) {
        return ReplicaCore.open(
                directory.resolve(name), "shop", SETTINGS, InstantSource.system(), new Random(seed), event -> {});
    }

    private List<Transaction> write(String sql) throws SQLException {
        writer.begin(true);
        if (sql.startsWith("CREATE")) {
            writer.changeSchema(sql);
        } else {
            try (var statement = writer.connection().createStatement()) {
                statement.execute(sql);
            }
        }
        var transactions = writer.stamp();
        writer.commit();
        return transactions;
    }

    private void publish(long... ids) throws SQLException {
        for (var id : ids) {
            exchange.offer(
                    PeerName.WRITER, new SyncMessage.Publish(write("INSERT INTO item VALUES (" + id + ", 'n')")));
        }
    }

    private SyncMessage acknowledged() {
        return new SyncMessage.Acknowledge(writer.origin(), writer.vector().seq(writer.origin()));
    }

    @Test
    void whatWaitsIsOneCommitOneAppendAndOneAcknowledgement() throws SQLException {
        publish(1, 2, 3);
        var commitsBefore = follower.commitCount();

        exchange.pump();

        assertThat(follower.commitCount()).isEqualTo(commitsBefore + 1);
        assertThat(appended)
                .singleElement()
                .satisfies(group -> assertThat(group).hasSize(3));
        assertThat(sent).isEmpty();
        exchange.appended();
        assertThat(sent).containsExactly(acknowledged());
        assertThat(follower.root()).isEqualTo(writer.root());
    }

    @Test
    void whatComesDuringAnAppendIsAcknowledgedAfterItsOwn() throws SQLException {
        publish(1);
        exchange.pump();
        var first = acknowledged();

        publish(2, 3);
        exchange.pump();
        exchange.appended();
        assertThat(sent).containsExactly(first);
        exchange.pump();
        exchange.appended();

        assertThat(appended).extracting(List::size).containsExactly(1, 2);
        assertThat(sent).containsExactly(first, acknowledged());
    }

    @Test
    void whatWaitsForTheLogGoesThereBeforeWhatTheWriterAppends() throws SQLException {
        publish(1);
        exchange.pump();
        var first = acknowledged();
        publish(2);
        exchange.pump();
        assertThat(appended).hasSize(1);

        exchange.appendFirst();
        exchange.appendFirst();

        assertThat(appended).extracting(List::size).containsExactly(1, 1);
        exchange.appended();
        assertThat(sent).containsExactly(first);
        publish(3);
        exchange.pump();
        assertThat(appended).hasSize(2);
        exchange.appended();
        assertThat(appended).hasSize(3);
        exchange.appended();
        assertThat(sent).hasSize(3).endsWith(acknowledged());
    }

    @Test
    void everyMessageIsSaidToBeTakenOnce() throws SQLException {
        var taken = new ArrayList<Integer>();
        for (var id = 1; id <= 3; id++) {
            var number = id;
            exchange.offer(
                    PeerName.WRITER,
                    new SyncMessage.Publish(write("INSERT INTO item VALUES (" + id + ", 'n')")),
                    () -> taken.add(number));
        }

        exchange.pump();
        exchange.pump();

        assertThat(taken).containsExactly(1, 2, 3);
    }
}
