/** Filled in by the commits that follow. */
@NullMarked
package io.merklite.session.capture;

import org.jspecify.annotations.NullMarked;
