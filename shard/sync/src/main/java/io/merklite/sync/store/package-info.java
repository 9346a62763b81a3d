/**
 * A replica's file: rows, their states, and the merkle index over both, kept in step.
 *
 * <p>{@link io.merklite.sync.store.ReplicaStore} is the door. Every replicated table has two companions: a shadow
 * table with the state of each row, and a table of sums, which is its merkle index. What the file says of the
 * replica as a whole is {@code StoreState}; {@code StoreTransactions} ends transactions, and tells of them; {@code
 * SchemaFollower} keeps step with the user's schema. Where a table gets another key {@code CarriedStates} brings the states
 * of its rows along, {@code KeyChange} takes out the rows that the new key does not tell, and {@code FormerKeyChanges} finds
 * the rows of changes that were written on the old one. {@code TableIdentities} tells tables apart that have had the same
 * name, {@code TableMoves} brings them to the names that they have now, and {@code MovedRows} the rows of two that are one.
 *
 * <p>Rows come in three ways. A local write is recorded by the session library, and {@code LocalWrites} gives it a
 * stamp by way of {@code LocalChanges}. What comes from elsewhere goes through {@code Merger}: joined by {@code
 * RowMerge}, written by {@code MergeWriter}, which settles clashes on unique indexes, and checked by {@code
 * ForeignKeys}. What a replica takes over from a master as it is goes through {@code Follower}. {@code MerkleSums}
 * tells the sum of any range of keys, which others ask of {@link io.merklite.sync.store.RowRanges}; {@link
 * io.merklite.sync.store.Scrub} holds the rows against it.
 *
 * <p>All of it is in the user's own file, in tables whose names begin with {@code _merklite_}, and changes in the
 * same SQLite transaction as the rows: so a crash leaves nothing to repair.
 */
@NullMarked
package io.merklite.sync.store;

import org.jspecify.annotations.NullMarked;
