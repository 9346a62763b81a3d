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
import io.merklite.sync.message.SyncMessage.Summed;
import io.merklite.sync.row.Cell;
import io.merklite.sync.store.KeyRange;
import io.merklite.sync.store.RemoteRow;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.RowKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Internal: answers of the merkle path. Keeps nothing between them. */
public final class MerkleAnswers {
    /** A range is split into so many parts. */
    static final int WAYS = 16;

    /** Up to so many keys are listed rather than split. */
    private static final int LISTED_COUNT = 16;

    private static final int MAX_LISTED_COUNT = 4096;
    private static final int ROW_PAGE = 256;
    private static final long SALT = 0x9fb21c651e98df25L;

    private final MerkleScope scope;
    private final ReplicaStore store;
    private final int maxMessageBytes;

    /** @param maxMessageBytes how large an answer may be, about */
    public MerkleAnswers(MerkleScope scope, int maxMessageBytes) {
        this.scope = scope;
        this.store = scope.store();
        this.maxMessageBytes = maxMessageBytes;
    }

    /** What these ranges look like. */
    public SyncMessage answer(Inspect inspect) {
        List<Finding> findings = new ArrayList<>();
        inspect.ranges().forEach(summed -> findings.add(finding(inspect.round(), summed)));
        return new Inspected(
                inspect.round(),
                inspect.request(),
                scope.schema().getAsLong(),
                store.vector(),
                store.reach(),
                store.clocks(),
                findings);
    }

    private Finding finding(long round, Summed summed) {
        var table = summed.range().table();
        if (!has(summed.range())) {
            return Finding.Same.SAME;
        }
        var range = keyRange(store, summed.range());
        if (store.ranges().count(table, range, LISTED_COUNT + 1) <= LISTED_COUNT) {
            return listing(round, table, range);
        }
        var parts = store.ranges().split(table, range, WAYS);
        if (parts.sums().stream().mapToLong(Long::longValue).sum() == summed.sum()) {
            return Finding.Same.SAME;
        }
        return parts.boundaries().isEmpty()
                ? listing(round, table, range)
                : new Finding.Parts(
                        parts.boundaries().stream().map(RowKey::values).toList(), parts.sums());
    }

    /** Whether there is such a range here: whoever asks may not have heard of the schema yet. */
    private boolean has(Range range) {
        return scope.has(range.table())
                && Stream.concat(range.from().stream(), range.to().stream())
                        .allMatch(values -> store.ranges().fits(range.table(), values));
    }

    private Finding listing(long round, String table, KeyRange range) {
        var listed = store.ranges().digests(table, range, MAX_LISTED_COUNT + 1);
        var rest = listed.size() > MAX_LISTED_COUNT
                ? Optional.of(listed.getLast().key().values())
                : Optional.<List<ChangesetValue>>empty();
        var shown = listed.subList(0, Math.min(listed.size(), MAX_LISTED_COUNT));
        return new Finding.Keys(
                shown.stream().map(entry -> entry.key().values()).toList(),
                shown.stream().map(entry -> shortDigest(round, entry.digest())).toList(),
                rest);
    }

    /** Half a digest, another one in each round: what is missed in one is found in the next. */
    static int shortDigest(long round, long digest) {
        var mixed = (digest ^ (round * SALT)) * SALT;
        return (int) (((mixed ^ (mixed >>> 29)) * SALT) >>> Integer.SIZE);
    }

    /** Rows by key. */
    public SyncMessage answer(Fetch fetch) {
        if (!scope.has(fetch.table())) {
            return noRows(fetch.round(), fetch.request(), fetch.table());
        }
        var keys = fetch.keys().stream()
                .filter(values -> store.ranges().fits(fetch.table(), values))
                .map(values -> store.ranges().key(fetch.table(), values))
                .toList();
        List<RemoteRow> rows = new ArrayList<>();
        var size = 0L;
        var done = 0;
        while (done < keys.size() && size < maxMessageBytes) {
            var page = keys.subList(done, Math.min(keys.size(), done + ROW_PAGE));
            for (var row : store.ranges().rows(fetch.table(), page)) {
                rows.add(row);
                size += sizeOf(row);
            }
            done += page.size();
        }
        return new Rows(
                fetch.round(),
                fetch.request(),
                scope.schema().getAsLong(),
                store.vector(),
                store.reach(),
                fetch.table(),
                rows,
                keys.subList(done, keys.size()).stream().map(RowKey::values).toList(),
                Optional.empty());
    }

    /** Rows of a range. */
    public SyncMessage answer(FetchRange fetch) {
        var table = fetch.range().table();
        if (!has(fetch.range())) {
            return noRows(fetch.round(), fetch.request(), table);
        }
        var range = keyRange(store, fetch.range());
        List<RemoteRow> rows = new ArrayList<>();
        var size = 0L;
        var rest = Optional.<RowKey>empty();
        do {
            var page = store.ranges().rows(table, rest.isEmpty() ? range : new KeyRange(rest, range.to()), ROW_PAGE);
            for (var row : page.rows()) {
                rows.add(row);
                size += sizeOf(row);
            }
            rest = page.next();
        } while (rest.isPresent() && size < maxMessageBytes);
        var restFrom = rest.map(RowKey::values);
        return new Rows(
                fetch.round(),
                fetch.request(),
                scope.schema().getAsLong(),
                store.vector(),
                store.reach(),
                table,
                rows,
                List.of(),
                restFrom);
    }

    /** The table is gone, or has another key; the schema in the answer says so. */
    private SyncMessage noRows(long round, int request, String table) {
        return new Rows(
                round,
                request,
                scope.schema().getAsLong(),
                store.vector(),
                store.reach(),
                table,
                List.of(),
                List.of(),
                Optional.empty());
    }

    /** What a row takes in a message, about. */
    public static long sizeOf(RemoteRow row) {
        var size = 16L;
        for (var value : row.key()) {
            size += sizeOf(value);
        }
        for (var cell : row.version().cells()) {
            size += cell instanceof Cell.Register register ? sizeOf(register.value()) : 64;
        }
        return size;
    }

    private static long sizeOf(ChangesetValue value) {
        return switch (value) {
            case ChangesetValue.Text text -> 2L + text.view().remaining();
            case ChangesetValue.Blob blob -> 2L + blob.view().remaining();
            default -> 9;
        };
    }

    static KeyRange keyRange(ReplicaStore store, Range range) {
        return new KeyRange(
                range.from().map(values -> store.ranges().key(range.table(), values)),
                range.to().map(values -> store.ranges().key(range.table(), values)));
    }
}
