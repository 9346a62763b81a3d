/** Benchmarks of schema migration, against SQLite's own statements. */
@NullMarked
package io.merklite.loadtest.schema;

import org.jspecify.annotations.NullMarked;
