package io.merklite.loadtest.cluster;

/** Somebody else's server, for the time of a measurement. */
interface Contender extends AutoCloseable {
    @Override
    void close();
}
