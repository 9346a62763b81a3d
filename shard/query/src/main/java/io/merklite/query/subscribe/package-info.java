/** Query subscriptions. */
@NullMarked
package io.merklite.query.subscribe;

import org.jspecify.annotations.NullMarked;
