package io.merklite.sync.link;

import io.merklite.sync.message.SyncMessage;

/** What is said on a link between a replica and the node that it syncs with; {@link LinkCodec} has the bytes. */
public sealed interface LinkMessage {
    /**
     * By the replica, first of all.
     *
     * @param replica its name, the same each time: random, made with the file. A second link of the same name replaces the first
     * @param maxMessageBytes the largest frame that it takes
     */
    record Hello(String replica, int maxMessageBytes) implements LinkMessage {}

    /**
     * By the node: the conversation may begin.
     *
     * @param isWritable whether the node takes what was written at the replica; without the right to write it only sends
     * @param maxMessageBytes the largest frame that it takes
     */
    record Welcome(boolean isWritable, int maxMessageBytes) implements LinkMessage {}

    /**
     * By the node, before it closes.
     *
     * @param code such as {@code DATABASE_NOT_FOUND}
     * @param message for people
     * @param isFinal whether another attempt is of no use until somebody has changed something
     */
    record Refusal(String code, String message, boolean isFinal) implements LinkMessage {}

    /** By either, after the welcome: a message of replication. */
    record Carried(SyncMessage message) implements LinkMessage {}
}
