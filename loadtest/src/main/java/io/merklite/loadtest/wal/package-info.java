/**
 * What physical replication costs: {@link io.merklite.loadtest.wal.WalBars} measures it against plain SQLite and a
 * plain file copy, in one run.
 */
@NullMarked
package io.merklite.loadtest.wal;

import org.jspecify.annotations.NullMarked;
