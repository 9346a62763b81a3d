/**
 * Feeds of a node, which come as server-sent events: what was committed, and how the result of a query changes.
 *
 * <p>A feed outlives its connection. Each event has an id; when the connection breaks, the next one, perhaps to another
 * node, begins behind the last id that came: {@link io.merklite.client.feed.EventSource} does that, with growing pauses.
 * {@link io.merklite.client.feed.Changes} and {@link io.merklite.client.feed.FollowedQuery} know what the events mean. A
 * subscriber that is slow slows the node down; one that is too slow for what the node keeps hears of a gap, and is never
 * left with less than it thinks it has.
 */
@NullMarked
package io.merklite.client.feed;

import org.jspecify.annotations.NullMarked;
