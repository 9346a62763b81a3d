package io.merklite.sync.role;

/**
 * A message between two peers, each of which is both master and replica.
 *
 * @param sender as which of them it was sent
 * @param message the message
 */
public record PeerMessage(Sender sender, RoleMessage message) {
    /** The part of a peer that speaks. */
    public enum Sender {
        /** The part that owns tables. */
        MASTER,
        /** The part that follows. */
        REPLICA
    }
}
