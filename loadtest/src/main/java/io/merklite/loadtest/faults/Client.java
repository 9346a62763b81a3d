package io.merklite.loadtest.faults;

import io.merklite.loadtest.history.Operation;
import io.merklite.loadtest.local.LocalNode;
import io.merklite.loadtest.local.NodeApi;
import io.merklite.loadtest.local.Waiting;
import io.merklite.node.http.Bookmark;
import io.merklite.sync.vector.VersionVector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/**
 * One client: asks one thing after the other, mostly of the same node, and of another one when that fails or by chance.
 *
 * <p><b>Invariants.</b> (1) Each request brings the bookmarks of all answers before it. (2) No value is ever used twice. (3) A
 * request whose outcome is unknown is not repeated.
 *
 * <p><b>Threading.</b> Runs in a thread of its own; shares the list of entries and the history with others.
 */
final class Client implements Runnable {
    private static final long VALUES_PER_SESSION = 1_000_000_000L;
    /** Clients claim the slot of the second, so that a partition makes datacenters give the same one twice. */
    private static final long MICROS_PER_SLOT = 1_000_000;

    private static final double MOVE_CHANCE = 0.02;
    private static final int REGISTER_SHARE = 40;
    private static final int ENTRY_SHARE = 20;
    private static final int CLAIM_SHARE = 5;

    private final int session;
    private final List<LocalNode> nodes;
    private final SplittableRandom random;
    private final Duration pause;
    private final LongSupplier clockMicros;
    private final History history;
    private final AtomicReference<List<String>> sharedEntries;
    private final AtomicBoolean isOver;
    private final List<String> ownEntries = new ArrayList<>();
    private VersionVector known = VersionVector.EMPTY;
    private LocalNode node;
    private long counter;

    /**
     * @param session its number
     * @param nodes that it may ask
     * @param seed of its choices
     * @param pause between two requests
     * @param clockMicros clock of the run
     * @param history where it notes what it does
     * @param sharedEntries keys of entries that clients read of each other
     * @param isOver whether it should end
     */
    Client(
            int session,
            List<LocalNode> nodes,
            long seed,
            Duration pause,
            LongSupplier clockMicros,
            History history,
            AtomicReference<List<String>> sharedEntries,
            AtomicBoolean isOver) {
        this.session = session;
        this.nodes = List.copyOf(nodes);
        this.random = new SplittableRandom(seed + session);
        this.pause = pause;
        this.clockMicros = clockMicros;
        this.history = history;
        this.sharedEntries = sharedEntries;
        this.isOver = isOver;
        this.node = nodes.get(session % nodes.size());
    }

    @Override
    public void run() {
        while (!isOver.get()) {
            if (random.nextDouble() < MOVE_CHANCE) {
                move();
            }
            var choice = random.nextInt(100);
            if (choice < REGISTER_SHARE) {
                setRegister();
            } else if (choice < REGISTER_SHARE + ENTRY_SHARE) {
                addEntry();
            } else if (choice < REGISTER_SHARE + ENTRY_SHARE + CLAIM_SHARE) {
                addClaim();
            } else {
                read();
            }
            Waiting.pause(pause);
        }
    }

    private void move() {
        node = nodes.get(random.nextInt(nodes.size()));
    }

    private long nextValue() {
        return session * VALUES_PER_SESSION + ++counter;
    }

    private void setRegister() {
        var group = random.nextInt(Tables.GROUP_COUNT);
        var value = nextValue();
        Map<String, Long> values = new HashMap<>();
        Tables.register(group).forEach(id -> values.put(id, value));
        write(Tables.setRegister(group, value), values);
    }

    private void addEntry() {
        var value = nextValue();
        var id = "entry-" + session + "-" + counter;
        write(Tables.addEntry(id, value), Map.of(id, value));
        ownEntries.add(id);
        sharedEntries.set(List.of(id, sharedEntries.get().getFirst()));
    }

    private void addClaim() {
        var value = nextValue();
        var id = "claim-" + session + "-" + counter;
        write(Tables.addClaim(id, clockMicros.getAsLong() / MICROS_PER_SLOT, value), Map.of(id, value));
    }

    private void write(List<List<Object>> statements, Map<String, Long> values) {
        var ack = random.nextInt(4) == 0 ? "majority" : "local";
        var start = clockMicros.getAsLong();
        var answer = NodeApi.of(node).transaction(Tables.DATABASE, statements, known, ack);
        history.add(new Operation.Write(call(start, answer), values));
        learn(answer);
    }

    private void read() {
        List<String> keys = new ArrayList<>(sharedEntries.get());
        if (!ownEntries.isEmpty()) {
            keys.add(ownEntries.get(random.nextInt(ownEntries.size())));
        }
        var group = random.nextInt(Tables.GROUP_COUNT);
        var start = clockMicros.getAsLong();
        var answer = NodeApi.of(node).query(Tables.DATABASE, Tables.read(group, keys), known);
        keys.addAll(Tables.register(group));
        Map<String, Long> seen = new HashMap<>();
        keys.forEach(key -> seen.put(key, 0L));
        if (answer instanceof NodeApi.Answer.Done done) {
            for (var row : done.body().path("results").path(0).path("values")) {
                seen.put(row.path(0).asText(), row.path(1).asLong());
            }
        }
        history.add(new Operation.Read(call(start, answer), seen));
        learn(answer);
    }

    private Operation.Call call(long start, NodeApi.Answer answer) {
        return new Operation.Call(
                session,
                node.name(),
                Tables.DATABASE,
                start,
                clockMicros.getAsLong(),
                switch (answer) {
                    case NodeApi.Answer.Done done -> Operation.Outcome.OK;
                    case NodeApi.Answer.Refused refused -> Operation.Outcome.FAILED;
                    case NodeApi.Answer.Unknown unknown -> Operation.Outcome.UNKNOWN;
                },
                answer instanceof NodeApi.Answer.Done done ? Bookmark.encode(done.bookmark()) : "");
    }

    private void learn(NodeApi.Answer answer) {
        switch (answer) {
            case NodeApi.Answer.Done done -> known = known.join(done.bookmark());
            case NodeApi.Answer.Refused refused -> {
                if (refused.why().startsWith("409 ")) {
                    history.lost();
                } else {
                    history.complain(refused.why());
                    move();
                }
            }
            case NodeApi.Answer.Unknown unknown -> {
                history.complain(unknown.why());
                move();
            }
        }
    }
}
