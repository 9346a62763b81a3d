/**
 * Schema migration: you say what the schema should be, and the database becomes that.
 *
 * <p>A list of numbered migration scripts, the obvious way, says how to get from each version to the next, and fails on a
 * database that is not at a version: one that was changed by hand, or merged from two. Here the wanted definitions are the
 * only text. SQLite reads them in a scratch database, the structures are compared, and the difference is a plan.
 *
 * <p>In reading order:
 *
 * <ul>
 *   <li>{@link io.merklite.schema.structure}: a schema as a value, from text, from a database, or from JSON; its hash.
 *   <li>{@link io.merklite.schema.plan}: the difference of two schemas as a list of operations, in words, SQL, and JSON.
 *   <li>{@link io.merklite.schema.migrate}: a plan is applied, all or nothing, within what its caller permits.
 *   <li>{@link io.merklite.schema.merge}: two schemas that grew from one become one, in whatever order they meet.
 *   <li>{@link io.merklite.schema.text}: what definitions say that SQLite's catalogue does not.
 * </ul>
 *
 * <pre>{@code
 * var wanted = Schema.parse("CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
 * var migrator = new SchemaMigrator(connection);
 * var plan = migrator.plan(wanted);
 * System.out.print(plan.describe());
 * migrator.apply(plan, Set.of(Allow.REBUILD));
 * }</pre>
 *
 * <p>Everything here blocks, starts no thread and reads no clock. Failures are one sealed family, {@link
 * io.merklite.schema.SchemaException}.
 */
@NullMarked
package io.merklite.schema;

import org.jspecify.annotations.NullMarked;
