/**
 * Databases as this module uses them: {@link io.merklite.schema.database.SqliteConnection} runs statements on a connection
 * of the caller's, {@link io.merklite.schema.database.ScratchDatabase} is an empty one of our own, in memory, where SQLite
 * itself says what a text means.
 */
@NullMarked
package io.merklite.schema.database;

import org.jspecify.annotations.NullMarked;
