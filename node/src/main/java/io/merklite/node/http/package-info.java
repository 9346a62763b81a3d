/**
 * The HTTP server of a node, and what all that it serves has in common.
 *
 * <p>A node answers several groups of requests on one port: SQL for libSQL clients, its own REST interface, the console.
 * Each is an {@link io.merklite.node.http.Endpoints}: it looks at a request and either answers it or leaves it to the
 * next. Nothing is routed by a tree of directives: a node answers tens of thousands of requests per second, and looking at
 * a path by hand costs less than the directives allocate.
 *
 * <p>In reading order: {@link io.merklite.node.http.HttpServer} binds the port and puts around every answer what it
 * needs (CORS, compression, an answer for what nobody serves); {@link io.merklite.node.http.HttpSettings} has its
 * limits; {@link io.merklite.node.http.Refusal} is the one shape of an error body; {@code
 * HeadDeadline} cuts off who sends a request's head too slowly; {@link io.merklite.node.http.RequestBody} reads a body up to its limit; {@link io.merklite.node.http.Access} decides who may
 * do what, and is implemented by the package of security.
 */
@NullMarked
package io.merklite.node.http;

import org.jspecify.annotations.NullMarked;
