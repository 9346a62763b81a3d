/** Queries: not begun. Its issue brings the SQL dialect and query subscriptions. */
@NullMarked
package io.merklite.query;

import org.jspecify.annotations.NullMarked;
