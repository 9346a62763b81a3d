/** Benchmarks of query subscriptions: what those cost that a change does not concern. */
@NullMarked
package io.merklite.loadtest.subscribe;

import org.jspecify.annotations.NullMarked;
