/** Placeholder of the module's story. */
@NullMarked
package io.merklite.query;

import org.jspecify.annotations.NullMarked;
