package io.merklite.sync.replicate;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.message.SyncMessage.Fetch;
import io.merklite.sync.message.SyncMessage.FetchRange;
import io.merklite.sync.message.SyncMessage.Finding;
import io.merklite.sync.message.SyncMessage.Inspect;
import io.merklite.sync.message.SyncMessage.Inspected;
import io.merklite.sync.message.SyncMessage.Range;
import io.merklite.sync.message.SyncMessage.Rows;
import io.merklite.sync.message.SyncMessage.Status;
import io.merklite.sync.message.SyncMessage.Summed;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.store.Merged;
import io.merklite.sync.store.RemoteRow;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.RowKey;
import io.merklite.sync.vector.VersionVector;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Brings over, along the merkle index, what one peer has and this replica lacks.
 *
 * <p>The replica asks, the peer answers and keeps nothing. A part that differs is split in 16 until it is small, then its
 * keys are compared, then rows are fetched. An answer that comes twice or late is told by its round and number and
 * dropped; one that never comes leaves the descent unfinished, and the next comparison begins another.
 *
 * <p>A row that lives here and is missing there, although the peer has seen its birth, died there and was forgotten: so
 * tombstones need not be kept for a replica that was away, however long.
 *
 * <p>Elements of a schema come together, at the end: a table that was renamed must not be seen to go before it is seen to
 * be another. A change of the peer's tables meanwhile fails the descent.
 *
 * <p>Normally rows join. Where the peer is an <i>authority</i> its rows count, and rows that it lacks are removed.
 *
 * <p>Internal: public for the roles.
 *
 * <p><b>Bounds.</b> At most {@link #WINDOW} questions are open; each answer fits into a message.
 */
public final class Descent {
    private static final int WINDOW = 4;
    private static final int RANGES_PER_MESSAGE = 64;
    private static final int KEYS_PER_MESSAGE = 512;

    private final MerkleScope scope;
    private final ReplicaStore store;
    private final long round;
    private final Status target;
    private final boolean authority;
    private final BiConsumer<String, Merged> merged;
    private final Deque<Summed> toInspect = new ArrayDeque<>();
    private final Map<String, Deque<List<ChangesetValue>>> toFetch = new HashMap<>();
    private final Deque<Range> toFetchWhole = new ArrayDeque<>();
    private final Map<Integer, SyncMessage> open = new HashMap<>();
    private final List<RemoteRow> elements = new ArrayList<>();
    private VersionVector reach = VersionVector.EMPTY;
    private int lastRequest;
    private long rowCount;
    private boolean failed;

    /**
     * @param scope what is compared
     * @param round a number that no other descent has
     * @param target what the peer said of itself when this began
     * @param authority whether the peer is right in any case
     * @param merged takes note of what changed, and of repairs
     */
    public Descent(MerkleScope scope, long round, Status target, boolean authority, BiConsumer<String, Merged> merged) {
        this.scope = scope;
        this.store = scope.store();
        this.round = round;
        this.target = target;
        this.authority = authority;
        this.merged = merged;
    }

    /** The first questions. */
    public List<SyncMessage> begin() {
        for (var table : scope.tables()) {
            inspect(new Range(table, Optional.empty(), Optional.empty()));
        }
        return nextQuestions();
    }

    /** Its number. */
    public long round() {
        return round;
    }

    Status target() {
        return target;
    }

    boolean isAuthority() {
        return authority;
    }

    /** How many rows came. */
    public long rowCount() {
        return rowCount;
    }

    /** Whether everything was compared and fetched. */
    public boolean isComplete() {
        return !failed && open.isEmpty() && !hasWork();
    }

    /** Whether it can't be finished: the schema of one side has changed meanwhile, or the peer lost its end. */
    public boolean hasFailed() {
        return failed;
    }

    private boolean hasWork() {
        return !toInspect.isEmpty() || !toFetch.isEmpty() || !toFetchWhole.isEmpty();
    }

    /** Asks what a part looks like; or for all of it if there is nothing here. */
    private void inspect(Range range) {
        var keys = MerkleAnswers.keyRange(store, range);
        if (store.ranges().count(range.table(), keys, 1) == 0) {
            toFetchWhole.add(range);
        } else {
            toInspect.add(new Summed(range, store.ranges().sum(range.table(), keys)));
        }
    }

    /** Takes an answer in; what is to be asked next. */
    public List<SyncMessage> onInspected(Inspected answer) {
        if (!(open.get(answer.request()) instanceof Inspect question)
                || !takes(answer.round(), answer.schema(), answer.applied())) {
            return List.of();
        }
        open.remove(answer.request());
        var count = Math.min(question.ranges().size(), answer.findings().size());
        for (var i = 0; i < count; i++) {
            compare(question.ranges().get(i), answer.findings().get(i), answer);
        }
        return goOn();
    }

    private void compare(Summed asked, Finding finding, Inspected answer) {
        switch (finding) {
            case Finding.Same same -> {
                // nothing to do
            }
            case Finding.Parts parts -> compareParts(asked.range(), parts);
            case Finding.Keys keys -> compareKeys(asked.range(), keys, answer);
        }
    }

    private void compareParts(Range range, Finding.Parts parts) {
        var table = range.table();
        var boundaries = parts.boundaries().stream()
                .map(values -> store.ranges().key(table, values))
                .toList();
        var sums = store.ranges().sums(table, MerkleAnswers.keyRange(store, range), boundaries);
        for (var i = 0; i < sums.size(); i++) {
            if (!sums.get(i).equals(parts.sums().get(i))) {
                var part = new Range(
                        table,
                        i == 0 ? range.from() : Optional.of(parts.boundaries().get(i - 1)),
                        i == boundaries.size()
                                ? range.to()
                                : Optional.of(parts.boundaries().get(i)));
                if (sums.get(i) == 0) {
                    inspect(part);
                } else {
                    toInspect.add(new Summed(part, sums.get(i)));
                }
            }
        }
    }

    private void compareKeys(Range asked, Finding.Keys listed, Inspected answer) {
        var table = asked.table();
        var range = new Range(table, asked.from(), listed.rest().isPresent() ? listed.rest() : asked.to());
        Map<RowKey, Integer> own = new HashMap<>();
        for (var entry : store.ranges().digests(table, MerkleAnswers.keyRange(store, range), Integer.MAX_VALUE)) {
            own.put(entry.key(), MerkleAnswers.shortDigest(round, entry.digest()));
        }
        Set<RowKey> extra = new HashSet<>(own.keySet());
        for (var i = 0; i < listed.keys().size(); i++) {
            var key = store.ranges().key(table, listed.keys().get(i));
            extra.remove(key);
            if (!listed.digests().get(i).equals(own.get(key))) {
                toFetch.computeIfAbsent(table, name -> new ArrayDeque<>())
                        .add(listed.keys().get(i));
            }
        }
        var gone = authority ? List.copyOf(extra) : deadAtPeer(table, List.copyOf(extra), answer.clocks());
        if (!gone.isEmpty()) {
            merged.accept(table, store.forgetRows(table, gone, answer.reach()));
        }
        listed.rest().ifPresent(rest -> inspect(new Range(table, Optional.of(rest), asked.to())));
    }

    /** Rows that live here, and that the peer lacks although it has seen their births: they died there. */
    private List<RowKey> deadAtPeer(String table, List<RowKey> keys, Map<Origin, Long> clocks) {
        return store.ranges().rows(table, keys).stream()
                .filter(row -> row.version().isAlive())
                .filter(row -> clocks.getOrDefault(row.version().birth().origin(), 0L)
                        >= row.version().birth().clock())
                .map(row -> store.ranges().key(table, row.key()))
                .toList();
    }

    /** Takes rows in; what is to be asked next. */
    public List<SyncMessage> onRows(Rows answer) {
        var question = open.get(answer.request());
        var fits = question instanceof Fetch || question instanceof FetchRange;
        if (!fits || !takes(answer.round(), answer.schema(), answer.applied())) {
            return List.of();
        }
        open.remove(answer.request());
        if (!answer.rows().isEmpty()) {
            rowCount += answer.rows().size();
            if (answer.table().equals(ReplicaStore.SCHEMA_ELEMENTS)) {
                elements.addAll(answer.rows());
                reach = reach.join(answer.reach());
            } else {
                merge(answer.table(), answer.rows(), answer.reach());
            }
        }
        if (!answer.restKeys().isEmpty()) {
            toFetch.computeIfAbsent(answer.table(), name -> new ArrayDeque<>()).addAll(answer.restKeys());
        }
        if (question instanceof FetchRange whole && answer.restFrom().isPresent()) {
            toFetchWhole.addFirst(
                    new Range(answer.table(), answer.restFrom(), whole.range().to()));
        }
        return goOn();
    }

    private List<SyncMessage> goOn() {
        var questions = nextQuestions();
        if (isComplete() && !elements.isEmpty()) {
            merge(ReplicaStore.SCHEMA_ELEMENTS, elements, reach);
            elements.clear();
        }
        return questions;
    }

    private void merge(String table, List<RemoteRow> rows, VersionVector dependencies) {
        merged.accept(
                table,
                authority
                        ? store.overwriteRows(table, rows, dependencies)
                        : store.mergeRows(table, rows, dependencies));
    }

    /**
     * Rows of another schema do not fit; and a peer that lost its end no longer has what it said that it has. Its reach
     * does not tell: it covers what its rows depend on, not what all of is there.
     */
    private boolean takes(long answeredRound, long schema, VersionVector applied) {
        if (answeredRound != round) {
            return false;
        }
        var sameSchema = schema == target.schema() && scope.schema().getAsLong() == target.schema();
        failed |= !sameSchema || !applied.covers(target.vector());
        return !failed;
    }

    private List<SyncMessage> nextQuestions() {
        List<SyncMessage> questions = new ArrayList<>();
        while (open.size() < WINDOW && hasWork()) {
            var request = ++lastRequest;
            var question = nextQuestion(request);
            open.put(request, question);
            questions.add(question);
        }
        return questions;
    }

    private SyncMessage nextQuestion(int request) {
        if (!toFetchWhole.isEmpty()) {
            return new FetchRange(round, request, toFetchWhole.remove());
        }
        var full = toFetch.entrySet().stream()
                .filter(entry -> entry.getValue().size() >= KEYS_PER_MESSAGE || toInspect.isEmpty())
                .findFirst();
        if (full.isPresent()) {
            return fetch(request, full.get().getKey(), full.get().getValue());
        }
        List<Summed> ranges = new ArrayList<>();
        while (!toInspect.isEmpty() && ranges.size() < RANGES_PER_MESSAGE) {
            ranges.add(toInspect.remove());
        }
        return new Inspect(round, request, ranges);
    }

    private Fetch fetch(int request, String table, Deque<List<ChangesetValue>> waiting) {
        List<List<ChangesetValue>> keys = new ArrayList<>();
        while (!waiting.isEmpty() && keys.size() < KEYS_PER_MESSAGE) {
            keys.add(waiting.remove());
        }
        if (waiting.isEmpty()) {
            toFetch.remove(table);
        }
        return new Fetch(round, request, table, keys);
    }
}
