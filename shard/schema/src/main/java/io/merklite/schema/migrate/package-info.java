/**
 * Migration: a plan is carried out on a database, all of it or nothing.
 *
 * <p>{@link io.merklite.schema.migrate.SchemaMigrator} is where to start. It asks the policy ({@link
 * io.merklite.schema.migrate.Allow}) first, compares the database with what the last migration left (drift), runs the
 * statements in one transaction, checks foreign keys and that the outcome is the wanted schema, and writes down its hash in
 * that same transaction. So a crash or a failure at any statement leaves the old schema or the new one, and a later attempt
 * starts clean.
 *
 * <p>Two things make rebuilds safe. Foreign key enforcement must be off while a parent is away, or its children go with it;
 * it can't be switched inside a transaction, so a migration inside the caller's transaction is refused where that would
 * matter. And rows are copied in chunks, so that a listener hears of progress and can stop the migration by throwing.
 */
@NullMarked
package io.merklite.schema.migrate;

import org.jspecify.annotations.NullMarked;
