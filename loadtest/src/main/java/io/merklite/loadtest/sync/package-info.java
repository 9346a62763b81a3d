/** Benchmarks of the sync core: convergence along the merkle index, first sync, the cost of tracking. */
@NullMarked
package io.merklite.loadtest.sync;

import org.jspecify.annotations.NullMarked;
