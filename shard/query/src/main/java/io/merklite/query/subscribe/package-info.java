/**
 * Query subscriptions: an application names a query, and is told when its result is another one.
 *
 * <p>Running every query after every change would be right and slow: 10,000 queries of 50 µs are half a second, for a change
 * that concerns none of them. So a query is run only if its result could differ. To decide that from the text alone goes
 * wrong in a dozen ways (views, {@code *}, subqueries, outer joins, collations, names in other case), and then changes are
 * missed, silently. So nothing is believed that SQLite itself does not say, and what is merely read from the text may only
 * ever spare a run where that is certain.
 *
 * <p>In reading order:
 *
 * <ol>
 *   <li>{@link io.merklite.query.subscribe.Subscriptions}: the door. Others tell it what has changed; it runs queries and
 *       calls listeners with a {@link io.merklite.query.subscribe.Report}, which has the whole result and its {@link
 *       io.merklite.query.subscribe.ResultDifference} from the last.
 *   <li>{@code Dependencies}: what a query depends on. Its tables and columns come from the
 *       query's bytecode ({@code QueryProgram} over {@code Catalog}); the terms that rows must meet from its text ({@code
 *       SelectAnalysis}, {@code JoinTerms}, {@code TermReader}, {@code Condition}).
 *   <li>{@code WatchIndex}: which of all subscriptions a changed row concerns: by table ({@code TableWatch}), then by the
 *       row's values ({@code FilterIndex}, {@code RangeIndex}).
 *   <li>{@code ValueOrder}, {@code Collation}, {@code Literals}: comparisons as SQLite makes them.
 * </ol>
 *
 * <p>Guaranteed: if all changes are notified, what was last reported is what running the query now gives. Where SQL leaves
 * a result open (the order without ORDER BY, rows among equals at a LIMIT), it is one of the right results. Queries that
 * call {@code random()} or the clock are run again only when their tables change.
 */
@NullMarked
package io.merklite.query.subscribe;

import org.jspecify.annotations.NullMarked;
