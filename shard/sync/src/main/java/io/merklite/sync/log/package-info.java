/**
 * Where transactions are kept for replicas that are behind.
 *
 * <p>A {@link io.merklite.sync.log.TransactionLog} is what catch-up reads from. It may forget: a replica that needs what
 * was cut takes the merkle path. {@link io.merklite.sync.log.MemoryLog} keeps the latest in memory; a cluster plugs in
 * its journal.
 */
@NullMarked
package io.merklite.sync.log;

import org.jspecify.annotations.NullMarked;
