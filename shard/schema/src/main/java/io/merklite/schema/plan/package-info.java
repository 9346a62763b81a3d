/**
 * From one structure to another: the difference as a plan that can be read, stored, sent, and applied later.
 *
 * <p>{@link io.merklite.schema.plan.SchemaDiff} compares two {@link io.merklite.schema.structure.Schema}s and puts the
 * steps in an order in which each one is legal. What ALTER TABLE can't do is a rebuild: a new table, a copy of the rows,
 * a change of names ({@code TableRebuild}); which of the two it is, and what it risks, says {@code TableChange}. Renames
 * that the wanted schema declares are carried out first, in a scratch database for the comparison ({@code RenameSteps}).
 *
 * <p>{@link io.merklite.schema.plan.MigrationPlan} is the result. Each {@link io.merklite.schema.plan.Operation} says what
 * it does in words and in SQL, and whether it loses data, rebuilds, or depends on the rows; what may be done is decided
 * where it is applied. {@link io.merklite.schema.plan.RedundantIndex} tells of indexes that cost writes and help no read.
 */
@NullMarked
package io.merklite.schema.plan;

import org.jspecify.annotations.NullMarked;
