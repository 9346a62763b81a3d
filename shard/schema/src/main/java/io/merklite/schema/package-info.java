/** Placeholder of the module's story. */
@NullMarked
package io.merklite.schema;

import org.jspecify.annotations.NullMarked;
