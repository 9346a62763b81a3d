/** Placeholder of the module's story. */
@NullMarked
package io.merklite.wal;

import org.jspecify.annotations.NullMarked;
