/**
 * The lattice of a row: what becomes of it when two replicas wrote it at the same time.
 *
 * <p>Whatever order transactions arrive in, and however often, every replica must end with the same row. That is so by
 * construction if a row's versions are a join-semilattice and a replica only ever joins: {@link
 * io.merklite.sync.row.RowVersion#join} is commutative, associative and idempotent. A row keeps one birth stamp, and
 * stamps of its own only for columns written after it; a clock for every column of every row, as others keep it, costs
 * ten times the space and is not needed.
 *
 * <p>Each column is a {@link io.merklite.sync.row.Cell}: a register or a counter, as its table's {@link
 * io.merklite.sync.row.MergePolicy} says.
 */
@NullMarked
package io.merklite.sync.row;

import org.jspecify.annotations.NullMarked;
