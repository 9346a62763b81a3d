package io.merklite.sync.role;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Two ends in one process: carries messages to and fro until nobody has anything to say. */
public final class Conversation {
    private Conversation() {}

    /** Something that answers messages. */
    @FunctionalInterface
    private interface End<M> {
        List<M> answer(M message);
    }

    /** Makes a replica live. */
    public static void handshake(Master master, Replica replica) {
        talk(
                List.of(replica.hello()),
                master::handleMessage,
                message -> replica.handleMessage(message).answers());
    }

    /** Makes a relay live. */
    public static void handshake(Master master, Relay relay) {
        talk(
                List.of(relay.hello()),
                master::handleMessage,
                message -> relay.handleUpstream(message).answers());
    }

    /** Makes a leaf of a relay live. */
    public static void handshake(Relay relay, Replica leaf) {
        talk(
                List.of(leaf.hello()),
                relay::handleDownstream,
                message -> leaf.handleMessage(message).answers());
    }

    /** Makes two peers live. */
    public static void handshake(Peer client, Peer server) {
        talk(
                client.start(),
                message -> server.handleMessage(message).answers(),
                message -> client.handleMessage(message).answers());
    }

    /** Has a replica compare with its master. */
    public static void converge(Master master, Replica replica) {
        talk(
                List.of(replica.converge()),
                master::handleMessage,
                message -> replica.handleMessage(message).answers());
    }

    /** Hands what a master has committed to a live replica. */
    public static void deliver(Master master, Replica replica) {
        for (var message : master.flush()) {
            talk(
                    replica.handleMessage(message).answers(),
                    master::handleMessage,
                    answer -> replica.handleMessage(answer).answers());
        }
    }

    private static <M> void talk(List<M> first, End<M> near, End<M> far) {
        Deque<M> toNear = new ArrayDeque<>(first);
        Deque<M> toFar = new ArrayDeque<>();
        while (!toNear.isEmpty() || !toFar.isEmpty()) {
            if (!toNear.isEmpty()) {
                toFar.addAll(near.answer(toNear.remove()));
            } else {
                toNear.addAll(far.answer(toFar.remove()));
            }
        }
    }
}
