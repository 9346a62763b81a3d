/**
 * Hrana: the protocol of libSQL's clients, over HTTP and WebSocket, in JSON and protobuf.
 *
 * <p>A client of libSQL, an ORM on top of one, or a tool like DBeaver works with a node when nothing but its URL is
 * changed. The protocol itself is simple: a stream is a connection to a database, and takes requests in order. What
 * makes a server is the rest: three versions, two encodings, two transports, an older interface that one tool still uses,
 * and clients that rely on what the text of the protocol leaves open.
 *
 * <p>So the same few things are said once, and everything else translates:
 *
 * <ul>
 *   <li>{@link io.merklite.node.hrana.StreamRequest} and {@link io.merklite.node.hrana.Answer} are what a client asks
 *       of a stream and gets back, whatever the transport. {@link io.merklite.node.hrana.Plan} turns requests
 *       into those of {@link io.merklite.cluster.sql.SqlStream}, with texts that were stored filled in.
 *   <li>{@link io.merklite.node.hrana.RequestDecoder} and {@link io.merklite.node.hrana.AnswerEncoder} have one
 *       implementation for JSON and one for protobuf. Both are written by hand: no tree of objects lies between bytes and
 *       requests. Decoders trust nothing; whatever the bytes are, the outcome is a request or a {@link
 *       io.merklite.node.hrana.HranaException}.
 *   <li>HTTP: {@link io.merklite.node.hrana.HranaEndpoints} knows the paths, {@link
 *       io.merklite.node.http.DatabasePath} tells which database is meant. A pipeline that opens a stream and closes it,
 *       which nearly all do, runs at once and leaves nothing behind. What stays open between two requests is owned by a
 *       {@link io.merklite.node.hrana.HttpStream}, found again by its {@link io.merklite.node.hrana.Batons baton}, and
 *       watched over by {@link io.merklite.node.hrana.HttpStreams}.
 *   <li>WebSocket: {@link io.merklite.node.hrana.HranaSocket} stands between the bytes of a {@link
 *       io.merklite.node.socket.Socket} and {@link io.merklite.node.hrana.Conversation}, the protocol on one connection.
 *   <li>{@link io.merklite.node.hrana.StatementsApi} is the oldest interface, the only one that DBeaver's driver has.
 * </ul>
 *
 * <p>Guaranteed: every request is answered, once, in the order that its transport promises; a statement that fails is
 * never an error of HTTP and never closes a WebSocket; a client that goes away has its transaction rolled back, at once on a
 * WebSocket, after {@code merklite.hrana.stream-idle} over HTTP. How a node reads the protocol where its text and the clients
 * differ is told in {@code docs/hrana.md}.
 */
@NullMarked
package io.merklite.node.hrana;

import org.jspecify.annotations.NullMarked;
