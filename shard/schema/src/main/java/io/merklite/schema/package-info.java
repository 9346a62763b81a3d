/** Schema migration: not begun. Its issue brings declarative migration by structural difference. */
@NullMarked
package io.merklite.schema;

import org.jspecify.annotations.NullMarked;
