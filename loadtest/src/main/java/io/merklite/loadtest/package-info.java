/**
 * Load tests and benchmarks: every speed that the documentation states is measured here, as a ratio against its rival in
 * the same run where there is one.
 *
 * <p>{@link io.merklite.loadtest.Bars} runs the benchmarks of all modules and prints a line for each bar.
 */
@NullMarked
package io.merklite.loadtest;

import org.jspecify.annotations.NullMarked;
