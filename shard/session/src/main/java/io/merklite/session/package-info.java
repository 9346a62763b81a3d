/** Placeholder of the module's story. */
@NullMarked
package io.merklite.session;

import org.jspecify.annotations.NullMarked;
