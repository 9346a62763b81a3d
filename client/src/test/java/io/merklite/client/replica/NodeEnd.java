package io.merklite.client.replica;

import io.merklite.client.replica.ControlMessage.Hello;
import io.merklite.client.replica.ControlMessage.SchemaChanged;
import io.merklite.client.replica.ControlMessage.Welcome;
import io.merklite.schema.structure.Schema;
import io.merklite.session.changeset.Changeset;
import io.merklite.sync.database.Database;
import io.merklite.sync.log.MemoryLog;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.replicate.Envelope;
import io.merklite.sync.replicate.Event;
import io.merklite.sync.replicate.Replicator;
import io.merklite.sync.replicate.ReplicatorOptions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * The node's end of the sync endpoint, as {@code docs/client.md} specifies it, for one replica at a time: text frames in and
 * out as text, binary ones as messages.
 */
final class NodeEnd {
    static final int MAX_MESSAGE_BYTES = 1 << 20;

    private final Database database;
    private final Replicator replicator;
    private final List<Changeset> applied = new ArrayList<>();
    private Optional<String> peer = Optional.empty();
    private Consumer<String> texts = text -> {};
    private Consumer<SyncMessage> messages = message -> {};

    NodeEnd(Database database, RandomGenerator random, Instant now, int logCount) {
        this.database = database;
        this.replicator = new Replicator(
                database.store(),
                new MemoryLog(logCount, 1 << 24),
                ReplicatorOptions.DEFAULTS.withMaxMessageBytes(16 << 10),
                random,
                now,
                event -> {
                    switch (event) {
                        case Event.Applied done -> applied.add(done.changes());
                        case Event.RowsMerged merged -> applied.add(merged.changes());
                        default -> {
                            // nothing that a test looks at
                        }
                    }
                });
        database.onTransaction(transaction -> send(replicator.written(transaction)));
    }

    Database database() {
        return database;
    }

    void connected(Consumer<String> sendText, Consumer<SyncMessage> sendMessage) {
        texts = sendText;
        messages = sendMessage;
    }

    void disconnected() {
        texts = text -> {};
        messages = message -> {};
        peer = Optional.empty();
    }

    void received(String text) {
        if (ControlMessage.parse(text) instanceof Hello hello) {
            peer = Optional.of(hello.replica());
            texts.accept(new Welcome(schema(), MAX_MESSAGE_BYTES).toJson());
            send(replicator.connect(hello.replica()));
        }
    }

    void received(SyncMessage message) {
        peer.ifPresent(name -> {
            database.stampRawWrites();
            send(replicator.receive(name, message));
            tellApplied();
        });
    }

    void tick(Instant now) {
        send(replicator.tick(now));
    }

    void migrate(String sql) {
        database.exec(sql);
        send(replicator.schemaChanged());
        texts.accept(new SchemaChanged(schema()).toJson());
    }

    private String schema() {
        return Schema.extract(database.connection()).ddl();
    }

    private void tellApplied() {
        var changes = List.copyOf(applied);
        applied.clear();
        database.applied(changes);
    }

    private void send(List<Envelope> envelopes) {
        for (var envelope : envelopes) {
            if (peer.equals(Optional.of(envelope.peer()))) {
                messages.accept(envelope.message());
            }
        }
    }
}
