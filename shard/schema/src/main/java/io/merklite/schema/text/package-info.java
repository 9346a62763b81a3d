/**
 * The text of SQL definitions, as far as SQLite's catalogue does not tell what it says: CHECK, AUTOINCREMENT, DEFERRABLE,
 * ON CONFLICT, generated expressions, predicates of indexes.
 *
 * <p>{@link io.merklite.schema.text.SqlTokens} cuts text into tokens with SQLite's own rules for quotes and comments;
 * {@link io.merklite.schema.text.StatementTokens} cuts it into statements and tells what each is;
 * {@link io.merklite.schema.text.TableText} and {@link io.merklite.schema.text.IndexText} read the two statements that
 * SQLite stores; {@link io.merklite.schema.text.CanonicalText} gives two texts that mean the same the same form. The
 * texts come from {@code sqlite_schema}, so SQLite has accepted them: the parsers find their way, they do not validate.
 */
@NullMarked
package io.merklite.schema.text;

import org.jspecify.annotations.NullMarked;
