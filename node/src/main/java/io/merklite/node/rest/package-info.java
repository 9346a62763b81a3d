/**
 * The node's own REST interface, {@code /v1}: databases, their status, and the cluster.
 *
 * <p>It is for operators and for programs that manage databases; SQL is spoken over Hrana. Answers are JSON; lists are
 * {@code {"items": […], "next": token|null}}; errors are {@code {"message", "code"}} with a fitting status; 64-bit numbers are
 * text, since JavaScript reads them; times are RFC 3339. Rights are those of the bearer token: on the database named in the path,
 * or, where there is none, on the node itself.
 *
 * <p>{@code RestRequest} is a request with its path cut and its rights asked; {@link
 * io.merklite.node.rest.DatabaseEndpoints} and {@link io.merklite.node.rest.ClusterEndpoints} answer.
 */
@NullMarked
package io.merklite.node.rest;

import org.jspecify.annotations.NullMarked;
