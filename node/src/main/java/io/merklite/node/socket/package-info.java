/**
 * WebSockets: frames (RFC 6455) on the bytes of a connection, and the life of one from its upgrade to its end.
 *
 * <p>Pekko HTTP has WebSockets of its own, but those close with code 1000 or 1011 only, and never notice a peer that is gone.
 * Clients tell by the code whether to come back, and a peer that is gone has a transaction open.
 *
 * <p>In reading order: {@link io.merklite.node.socket.SocketUpgrade} is the request; {@link
 * io.merklite.node.socket.SocketSession} is what a protocol implements, on the {@link io.merklite.node.socket.Socket} that it is
 * given; {@link io.merklite.node.socket.SocketStage} joins them, with back-pressure, pings and an orderly end; {@link
 * io.merklite.node.socket.FrameDecoder} and {@link io.merklite.node.socket.Frames} are the bytes.
 */
@NullMarked
package io.merklite.node.socket;

import org.jspecify.annotations.NullMarked;
