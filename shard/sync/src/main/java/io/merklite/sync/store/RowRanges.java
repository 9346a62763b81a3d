package io.merklite.sync.store;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.SyncException.Unsupported;
import java.util.List;
import java.util.Optional;

/**
 * What a replica has in a range of keys: sums of digests, digests, and whole rows. This is what a descent asks, and what
 * answers one.
 *
 * <p><b>Threading.</b> As its store. <b>Cost.</b> A sum takes a few reads of the merkle index, whatever the range; the rest
 * grows with what is returned.
 */
public final class RowRanges {
    private final TableRegistry registry;
    private final ShadowRows shadow;

    RowRanges(TableRegistry registry, ShadowRows shadow) {
        this.registry = registry;
        this.shadow = shadow;
    }

    /**
     * A key of a table, from its values.
     *
     * @throws Unsupported if they do not {@linkplain #fits fit}
     */
    public RowKey key(String table, List<ChangesetValue> values) {
        var tracked = registry.require(table);
        if (!tracked.fitsKey(values)) {
            throw new Unsupported(
                    "a key of table " + table + " with " + values.size() + " values, which do not fit",
                    "Bring both replicas to the same schema first");
        }
        return RowKey.of(tracked.seed(), values);
    }

    /** Whether these values can be a key of a table that replicates: a peer of another schema may ask for others. */
    public boolean fits(String table, List<ChangesetValue> values) {
        return registry.table(table).map(tracked -> tracked.fitsKey(values)).orElse(false);
    }

    /** How many values identify a row of a table; 0 if it does not replicate. */
    public int keyCount(String table) {
        return registry.table(table).map(TrackedTable::keyCount).orElse(0);
    }

    /** The sum of the digests in a range of keys. */
    public long sum(String table, KeyRange range) {
        return StoreTransactions.call(
                "summing up", () -> registry.sums(registry.require(table)).sum(range));
    }

    /** How many rows a range has, tombstones included; counting stops at {@code limit}. */
    public int count(String table, KeyRange range, int limit) {
        return StoreTransactions.call("counting", () -> shadow.count(registry.require(table), range, limit));
    }

    /**
     * Parts of a range and what each sums up to.
     *
     * @param boundaries keys that begin the second and later parts
     * @param sums one more than boundaries
     */
    public record Parts(List<RowKey> boundaries, List<Long> sums) {}

    /**
     * Splits a range into parts of about the same size, at most {@code limit}, four times as many where parts are as small
     * as can be; one part if there is nowhere to split.
     */
    public Parts split(String table, KeyRange range, int limit) {
        return StoreTransactions.call("splitting", () -> {
            var parts = registry.sums(registry.require(table)).partition(range, limit);
            return new Parts(parts.boundaries(), parts.sums());
        });
    }

    /** What the parts of a range between {@code boundaries} sum up to: one more than boundaries. */
    public List<Long> sums(String table, KeyRange range, List<RowKey> boundaries) {
        return StoreTransactions.call(
                "summing up", () -> registry.sums(registry.require(table)).sums(range, boundaries));
    }

    /** A key and the digest of its row; 0 if that is damaged. */
    public record KeyDigest(RowKey key, long digest) {}

    /** Keys and digests of a range, in order, at most {@code limit}. */
    public List<KeyDigest> digests(String table, KeyRange range, int limit) {
        return StoreTransactions.call("reading digests", () -> {
            var tracked = registry.require(table);
            return shadow.digests(tracked, range, limit);
        });
    }

    /**
     * Some rows of a range, in order.
     *
     * @param rows the rows; damaged ones are left out
     * @param next where the rest of the range begins, if there is more
     */
    public record RowPage(List<RemoteRow> rows, Optional<RowKey> next) {}

    /** The first {@code limit} rows of a range, whole. */
    public RowPage rows(String table, KeyRange range, int limit) {
        return StoreTransactions.call("reading rows", () -> {
            var tracked = registry.require(table);
            var found = shadow.range(tracked, range, limit + 1);
            var page = found.subList(0, Math.min(limit, found.size()));
            var rows = page.stream()
                    .filter(row -> !row.isDamaged())
                    .map(row -> new RemoteRow(row.key().values(), row.version(tracked)))
                    .toList();
            return new RowPage(
                    rows, found.size() > limit ? Optional.of(found.getLast().key()) : Optional.empty());
        });
    }

    /** Whole rows with these keys; missing ones are left out. */
    public List<RemoteRow> rows(String table, List<RowKey> keys) {
        return StoreTransactions.call("reading rows", () -> {
            var tracked = registry.require(table);
            return shadow.rows(tracked, keys).values().stream()
                    .filter(row -> !row.isDamaged())
                    .map(row -> new RemoteRow(row.key().values(), row.version(tracked)))
                    .toList();
        });
    }
}
