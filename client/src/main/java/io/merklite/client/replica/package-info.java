/** Begun. */
@NullMarked
package io.merklite.client.replica;

import org.jspecify.annotations.NullMarked;
