/** Begun. */
@NullMarked
package io.merklite.client.jdbc;

import org.jspecify.annotations.NullMarked;
