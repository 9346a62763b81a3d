/**
 * What the embedded journal takes: {@link io.merklite.loadtest.journal.JournalBars} lets 1, 16 and 256 persistent actors
 * append as fast as they are answered, each with one append under way.
 */
@NullMarked
package io.merklite.loadtest.journal;

import org.jspecify.annotations.NullMarked;
