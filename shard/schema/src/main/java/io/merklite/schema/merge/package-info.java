/**
 * Merging: two schemas that grew from a common one become one, and every replica gets the same result in whatever order it
 * hears of the changes.
 *
 * <p>A whole schema as one register, the obvious way, would throw away the index that one side added because the other side
 * added a column. Here a schema is a map of elements ({@link io.merklite.schema.merge.ElementId}: a table's options, its
 * key, each column, each constraint, each index, view and trigger), and each element is a register of its own ({@link
 * io.merklite.schema.merge.Element}): the later stamp wins. So what either side adds survives, and where both change the
 * same thing the last writer wins.
 *
 * <p>{@link io.merklite.schema.merge.SchemaElements} is that map. Its merge is a join: commutative, associative, idempotent.
 * Elements that win need not fit each other, such as an index on a column that the other side dropped; {@code
 * SchemaAssembly} makes a schema of those that do, and says what it left out. What is left out stays in the map, and comes
 * back when what it needs comes back.
 *
 * <p>A stamp is whatever the caller orders changes by; this module gives it no meaning.
 */
@NullMarked
package io.merklite.schema.merge;

import org.jspecify.annotations.NullMarked;
