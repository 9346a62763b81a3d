/** Filled in by the commits that follow. */
@NullMarked
package io.merklite.session.apply;

import org.jspecify.annotations.NullMarked;
