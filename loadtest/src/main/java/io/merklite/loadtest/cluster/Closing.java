package io.merklite.loadtest.cluster;

import java.util.List;
import java.util.Optional;

/**
 * A contender that may not be there, closed if it is.
 *
 * @param some one or none
 */
record Closing<T extends Contender>(List<T> some) implements AutoCloseable {
    static <T extends Contender> Closing<T> of(Optional<T> one) {
        return new Closing<>(one.stream().toList());
    }

    @Override
    public void close() {
        some.forEach(Contender::close);
    }
}
