/**
 * The structure of a database: what {@code CREATE} statements mean, without how they are written.
 *
 * <p>{@link io.merklite.schema.structure.Schema} is the value to start from: parsed from text, read from a database, or
 * from JSON. Comparing texts fails on white space, comments, quotes and the case of keywords, so {@link
 * io.merklite.schema.structure.SchemaReader} asks SQLite's catalogue instead, and reads from the text only what the
 * catalogue does not say. Two structures are equal when their {@linkplain
 * io.merklite.schema.structure.Schema#hash() hashes} are.
 *
 * <p>Names that begin with {@code sqlite_}, {@code _merklite_}, {@code _sqlift_} or {@code _sqlpipe_} never take part.
 * Neither do temporary objects. Virtual tables are refused.
 */
@NullMarked
package io.merklite.schema.structure;

import org.jspecify.annotations.NullMarked;
