/**
 * Who wrote, and when.
 *
 * <p>A wall clock alone cannot order writes: it jumps, and two machines never agree. A logical clock alone loses the
 * hour. {@link io.merklite.sync.stamp.HybridClock} joins both: it follows the wall clock, never goes back, and is pushed
 * forward by what it hears from others. A {@link io.merklite.sync.stamp.Stamp} adds the {@link
 * io.merklite.sync.stamp.Origin} that wrote, so that no two stamps are equal unless they name the same transaction.
 */
@NullMarked
package io.merklite.sync.stamp;

import org.jspecify.annotations.NullMarked;
