/**
 * The SQL functions that translated queries call on SQLite.
 *
 * <p>Structured values are BLOBs of UTF-8 text, since a BLOB, unlike SQLite's subtypes, stays what it is through views,
 * subqueries and CTEs. What begins with {@code <} is markup, all else JSON; so a JSON function can nest JSON, and make a
 * string of markup. Two kinds of BLOB begin with a space, which no other value does: attributes, which are thus told from a
 * first child, and lists of children, which an element takes apart instead of nesting them.
 *
 * <p>Guaranteed: every JSON function gives valid JSON or an SQL error, whatever the arguments. Since a BLOB may come from
 * a column as well as from a function, it is checked each time it is nested.
 *
 * <p>{@link io.merklite.query.transpile.functions.DeepFunctions} is the door and the list of functions;
 * {@link io.merklite.query.transpile.functions.JsonWriter} knows values and their JSON,
 * {@link io.merklite.query.transpile.functions.MarkupWriter} elements,
 * {@link io.merklite.query.transpile.functions.TreeAccumulator} recursive selects.
 */
@NullMarked
package io.merklite.query.transpile.functions;

import org.jspecify.annotations.NullMarked;
