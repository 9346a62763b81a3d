/**
 * The REST interface of a node, below {@code /v1}: what people and scripts ask a cluster with nothing but {@code curl}.
 *
 * <p>{@link io.merklite.node.rest.RestApi} is the door. It has a list of {@link io.merklite.node.rest.Route}s, each with its
 * method, path, and the right that it needs; so the right of none can be forgotten, and the description that is served
 * ({@code openapi.json}) is compared with the list by a test. A {@link io.merklite.node.rest.RestCall} is a request as a
 * route sees it; {@link io.merklite.node.rest.RestFailures} makes an answer of whatever fails.
 *
 * <p>Routes stand with what they are about: {@code DatabaseRoutes} (list, create, look at, drop), {@code SchemaRoutes}
 * (read, plan, migrate), {@code SqlRoutes} (one request, one answer), {@code ConflictRoutes} (rows that lost in a merge),
 * {@code FeedRoutes} (changes and query results, for as long as somebody listens), {@code SnapshotRoutes} and {@code
 * ImportRoutes} (files out and in), {@code ClusterRoutes} (nodes).
 *
 * <p>What they share: bodies and answers are JSON; an error is {@code {"message", "code"}} with a status that fits; a list is
 * {@code {"items", "next"}}; times are RFC 3339; durations and sizes have their unit in the name; a write answers with a
 * bookmark, in its body and in the header {@code merklite-bookmark}, and a read takes one as {@code ?after=} or in the
 * header {@code merklite-after}. Results have plain values of JSON as rqlite has them; feeds of server-sent events have
 * typed ones as Hrana has them, since programs read those.
 *
 * <p>Guaranteed: nothing blocks a thread of Pekko HTTP; what is read from a client has a limit; a feed whose reader is too
 * slow says so and ends, with the place to go on from. {@code docs/rest.md} has a line for each request.
 */
@NullMarked
package io.merklite.node.rest;

import org.jspecify.annotations.NullMarked;
