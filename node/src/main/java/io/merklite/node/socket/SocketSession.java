package io.merklite.node.socket;

import org.apache.pekko.util.ByteString;

/** What is said on one WebSocket. Confined to its connection. */
public interface SocketSession {
    /** Takes a message. One that violates the protocol closes the {@link Socket}. */
    void receive(boolean isText, ByteString payload);

    /** Goes on with what waits, after there was too much to be sent. */
    void proceed();

    /** Whether more may be read. Asked whenever something has come or gone, and at {@link Socket#read}. */
    boolean hasRoom();

    /** It is over, however it ended: lets go of everything. Called once or more. */
    void end();
}
