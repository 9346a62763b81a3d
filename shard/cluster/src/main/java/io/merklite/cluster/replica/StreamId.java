package io.merklite.cluster.replica;

/**
 * Names a client's stream, everywhere and for good.
 *
 * @param node random bits of the node that it was opened on, new at each start
 * @param number counted there
 */
public record StreamId(long node, long number) {}
