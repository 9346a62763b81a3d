package io.merklite.client.http;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What reads must see at least.
 *
 * <p>A bookmark is opaque, so two of them can't be joined here. But the bookmark of an answer covers those that its request
 * came with: it takes their place. What is left is one for each request that was under way at the same time, which the
 * next request brings together.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class Bookmarks {
    /** More than that were under way at once only if somebody never reads; the oldest are then given up. */
    private static final int LIMIT = 64;

    private final Set<String> current = new LinkedHashSet<>();

    /** What to send along now. */
    public synchronized List<String> current() {
        return List.copyOf(current);
    }

    /** An answer came. */
    synchronized void answered(Collection<String> sent, String bookmark) {
        sent.forEach(current::remove);
        add(bookmark);
    }

    /** Reads must see this from now on: of a write that was made elsewhere. */
    public synchronized void add(String bookmark) {
        current.add(bookmark);
        if (current.size() > LIMIT) {
            List<String> kept = new ArrayList<>(current).subList(current.size() - LIMIT, current.size());
            current.retainAll(Set.copyOf(kept));
        }
    }
}
