package io.merklite.sync.replicate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.sync.SyncException.Unsupported;
import io.merklite.sync.log.MemoryLog;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.message.SyncMessage.Fetch;
import io.merklite.sync.message.SyncMessage.FetchRange;
import io.merklite.sync.message.SyncMessage.Finding;
import io.merklite.sync.message.SyncMessage.Inspect;
import io.merklite.sync.message.SyncMessage.Inspected;
import io.merklite.sync.message.SyncMessage.Publish;
import io.merklite.sync.message.SyncMessage.Range;
import io.merklite.sync.message.SyncMessage.Rows;
import io.merklite.sync.message.SyncMessage.Summed;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.store.KeyRange;
import io.merklite.sync.store.RemoteRow;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import io.merklite.sync.transaction.Births;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a peer says that has another schema, or is no replica: it harms neither the file nor the conversation. */
final class MisfittingMessagesTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Stamp STAMP = new Stamp(NOW.toEpochMilli() << Stamp.COUNTER_BITS, new Origin(77));
    private static final ChangesetValue ONE = new ChangesetValue.Integer(1);
    private static final List<List<ChangesetValue>> KEYS = List.of(
            List.of(),
            List.of(ChangesetValue.Text.of("a")),
            List.of(ChangesetValue.NULL),
            List.of(ONE, ChangesetValue.Text.of("a"), ONE),
            List.of(ONE, ONE, ONE, ONE));

    private Connection connection;
    private ReplicaStore store;
    private Replicator replicator;

    @BeforeEach
    void open() throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        execute("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT)");
        execute("CREATE TABLE pair(a TEXT NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b)) WITHOUT ROWID");
        execute("CREATE TABLE note(body TEXT)");
        execute("INSERT INTO item VALUES (1, 'one')");
        execute("INSERT INTO note VALUES ('n')");
        store = ReplicaStore.open(connection, StoreOptions.of("test", () -> NOW, Seeds.random(1)));
        replicator = new Replicator(
                store, new MemoryLog(9, 1 << 20), ReplicatorOptions.DEFAULTS, Seeds.random(1), NOW, event -> {});
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
    }

    private void execute(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private List<SyncMessage> answers(SyncMessage question) {
        return replicator.receive("peer", question).stream()
                .map(Envelope::message)
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"item", "note", "nowhere"})
    void questionsWithKeysOfAnotherShapeFindNothing(String table) {
        for (var key : KEYS) {
            var range = new Range(table, Optional.of(key), Optional.of(key));

            assertThat(answers(new Inspect(1, 1, List.of(new Summed(range, 5)))))
                    .singleElement()
                    .isInstanceOfSatisfying(
                            Inspected.class,
                            answer -> assertThat(answer.findings()).containsExactly(Finding.Same.SAME));
            assertThat(answers(new Fetch(1, 2, table, List.of(key))))
                    .singleElement()
                    .isInstanceOfSatisfying(
                            Rows.class, answer -> assertThat(answer.rows()).isEmpty());
            assertThat(answers(new FetchRange(1, 3, range)))
                    .singleElement()
                    .isInstanceOfSatisfying(
                            Rows.class, answer -> assertThat(answer.rows()).isEmpty());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"item", "note"})
    void rowsWithKeysOfAnotherShapeAreRefusedAndHarmNothing(String table) {
        var root = store.root();

        for (var key : KEYS) {
            var row = new RemoteRow(key, RowVersion.dead(STAMP, STAMP));
            assertThatThrownBy(() -> store.mergeRows(table, List.of(row), VersionVector.EMPTY))
                    .isInstanceOf(Unsupported.class);
        }

        assertThat(store.root()).isEqualTo(root);
        assertThat(store.scrub().run()).isEmpty();
    }

    @Test
    void rowWithABirthThatIsNoneIsRefused() {
        var negative = new ChangesetValue.Integer(-1);
        var row = new RemoteRow(List.of(ONE, ONE, negative), RowVersion.dead(STAMP, STAMP));

        assertThatThrownBy(() -> store.mergeRows("note", List.of(row), VersionVector.EMPTY))
                .isInstanceOf(Unsupported.class);
    }

    /** As one of a time when the key was no integer is, which has come late. */
    @Test
    void changeOfARowThatNoKeyHereIdentifiesIsLeftOut() {
        var changes = new ChangesetWriter();
        changes.table(false, "item", new byte[] {1, 0});
        for (var key : List.<ChangesetValue>of(ChangesetValue.Text.of("a"), new ChangesetValue.Integer(2))) {
            changes.change(ChangeOp.INSERT, false);
            changes.value(key);
            changes.value(ChangesetValue.Text.of("new"));
        }
        var transaction = Transaction.wrap(
                "test",
                1,
                STAMP,
                VersionVector.EMPTY,
                store.schemaFingerprint(),
                Births.of(List.of()),
                changes.toByteArray());

        answers(new Publish(List.of(transaction)));

        assertThat(store.vector().seq(STAMP.origin())).isEqualTo(1);
        assertThat(store.ranges().count("item", KeyRange.ALL, 9)).isEqualTo(2);
        assertThat(store.scrub().run()).isEmpty();
    }
}
