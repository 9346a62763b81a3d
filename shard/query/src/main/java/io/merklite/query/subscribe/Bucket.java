package io.merklite.query.subscribe;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Watches that the same changes concern. Remembers, for one batch of changes, that all of them are settled, so that ten
 * thousand watches met by each of five hundred rows are gone through once.
 */
final class Bucket {
    private final Set<Watch> watches = new LinkedHashSet<>();
    private long settledIn;

    void add(Watch watch) {
        watches.add(watch);
        settledIn = 0;
    }

    void remove(Watch watch) {
        watches.remove(watch);
    }

    boolean isEmpty() {
        return watches.isEmpty();
    }

    /**
     * Hands each watch that is not settled to {@code examination}.
     *
     * @param batch number of the batch, from 1; a settled watch stays so until the batch ends
     */
    void examine(long batch, Consumer<Watch> examination) {
        if (settledIn == batch) {
            return;
        }
        var isSettled = true;
        for (var watch : watches) {
            if (!watch.isSettled()) {
                examination.accept(watch);
                isSettled &= watch.isSettled();
            }
        }
        if (isSettled) {
            settledIn = batch;
        }
    }
}
