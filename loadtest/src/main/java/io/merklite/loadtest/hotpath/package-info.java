/**
 * The inner parts that run for every row, transaction or request, each alone, under JMH.
 *
 * <p>They answer another question than bars do: not whether users get the speed that is promised, but which part to look
 * at when they don't. {@link io.merklite.loadtest.hotpath.HotPaths} runs them and notes the results. Parts that are private to
 * their package have their benchmark in a package of the same name: {@code RowDigestBenchmark}, {@code HranaJsonBenchmark}.
 */
@NullMarked
package io.merklite.loadtest.hotpath;

import org.jspecify.annotations.NullMarked;
