/**
 * The query dialect: SQL with JSON objects and arrays, markup, joins by arrows, and FROM before SELECT, as SQL.
 *
 * <p>The obvious way, to look for braces and replace them, fails at the first string, comment or operator that looks like
 * one; a full grammar of SQLite fails at the first statement that a newer SQLite understands. So SQL is parsed just as far
 * as the dialect needs it: {@link io.merklite.query.transpile.ExpressionRun} reads tokens and knows where an operand is
 * due, which tells an element from a comparison and an array from a bracketed name;
 * {@link io.merklite.query.transpile.QueryParser} knows clauses and set operations, which tells a FROM that begins a query
 * from one that does not; all else is copied.
 *
 * <p>To read, in this order: {@link io.merklite.query.transpile.Transpiler}, the door;
 * {@link io.merklite.query.transpile.TokenStream}; {@link io.merklite.query.transpile.Part} and
 * {@link io.merklite.query.transpile.Query}, the trees; the parsers, of which
 * {@link io.merklite.query.transpile.Grammar} is the list; the renderers, of which
 * {@link io.merklite.query.transpile.Rendering} is the list. {@link io.merklite.query.transpile.QueryRenderer} tells how
 * a query becomes a value.
 *
 * <p>A tree is read whole before anything is written, as {@code SELECT {x: SELECT {y} FROM t->u} FROM t} uses an alias
 * before it stands in the text.
 *
 * <p>Guaranteed: plain SQL comes out as it came in; whatever the text, the answer is SQL of bounded length or an error with
 * line, column and hint. The user's page is {@code docs/query-dialect.md}.
 */
@NullMarked
package io.merklite.query.transpile;

import org.jspecify.annotations.NullMarked;
