/**
 * Figures, and what becomes of them.
 *
 * <p>Each benchmark notes what it measured as lines of JSON in one folder ({@link io.merklite.loadtest.results.Results}), with the time and how busy
 * the machine was: a figure without that can't be judged later. {@link io.merklite.loadtest.results.RenderBenchmarks} makes
 * tables and plots of them, between markers in {@code docs/benchmarks.md}; what people wrote around them stays. Nothing in
 * the page's tables is typed by hand.
 */
@NullMarked
package io.merklite.loadtest.results;

import org.jspecify.annotations.NullMarked;
