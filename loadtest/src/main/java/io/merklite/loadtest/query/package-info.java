/** Benchmarks of the query dialect: one program, which needs no database. */
@NullMarked
package io.merklite.loadtest.query;

import org.jspecify.annotations.NullMarked;
