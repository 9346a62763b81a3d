/**
 * What is asked of a database: a dialect of SQL, and queries that are followed.
 *
 * <ul>
 *   <li>{@link io.merklite.query.transpile}: text of the dialect to SQLite's SQL; its functions are in {@code functions}.
 *   <li>{@link io.merklite.query.subscribe}: what a query depends on, and what became of its result.
 * </ul>
 */
@NullMarked
package io.merklite.query;

import org.jspecify.annotations.NullMarked;
