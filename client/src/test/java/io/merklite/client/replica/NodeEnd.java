package io.merklite.client.replica;

import io.merklite.session.changeset.Changeset;
import io.merklite.sync.database.Database;
import io.merklite.sync.link.LinkMessage;
import io.merklite.sync.link.LinkMessage.Carried;
import io.merklite.sync.link.LinkMessage.Hello;
import io.merklite.sync.link.LinkMessage.Welcome;
import io.merklite.sync.log.MemoryLog;
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
 * The node's end of a link without sockets and without a clock of its own, for one replica at a time: what a seed decides in
 * virtual time can be replayed, which a real node's threads can't. {@link EmbeddedReplicaTest} has the real one.
 */
final class NodeEnd {
    static final int MAX_MESSAGE_BYTES = 1 << 20;

    private final Database database;
    private final Replicator replicator;
    private final List<Changeset> applied = new ArrayList<>();
    private Optional<String> peer = Optional.empty();
    private Consumer<LinkMessage> messages = message -> {};

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

    void connected(Consumer<LinkMessage> send) {
        messages = send;
    }

    void disconnected() {
        messages = message -> {};
        peer = Optional.empty();
    }

    void received(LinkMessage message) {
        if (message instanceof Hello hello) {
            peer = Optional.of(hello.replica());
            messages.accept(new Welcome(true, MAX_MESSAGE_BYTES));
            send(replicator.connect(hello.replica()));
        } else if (message instanceof Carried carried) {
            peer.ifPresent(name -> {
                database.stampRawWrites();
                send(replicator.receive(name, carried.message()));
                tellApplied();
            });
        }
    }

    void tick(Instant now) {
        send(replicator.tick(now));
    }

    private void tellApplied() {
        var changes = List.copyOf(applied);
        applied.clear();
        database.applied(changes);
    }

    private void send(List<Envelope> envelopes) {
        for (var envelope : envelopes) {
            if (peer.equals(Optional.of(envelope.peer()))) {
                messages.accept(new Carried(envelope.message()));
            }
        }
    }
}
