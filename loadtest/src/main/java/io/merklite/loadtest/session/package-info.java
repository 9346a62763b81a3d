/**
 * The session library side by side with SQLite's own session extension.
 *
 * <p>The rival is the extension of a current SQLite, as Node 24 has it in {@code node:sqlite}; the npm package {@code
 * node} brings it. Both sides keep their connections, do the same work in turn, and are compared by the medians.
 */
@NullMarked
package io.merklite.loadtest.session;

import org.jspecify.annotations.NullMarked;
