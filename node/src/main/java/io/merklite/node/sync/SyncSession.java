package io.merklite.node.sync;

import io.merklite.cluster.replica.ReplicaConnection;
import io.merklite.cluster.replica.ReplicaLink;
import io.merklite.cluster.sql.SqlError;
import io.merklite.node.socket.FrameDecoder;
import io.merklite.node.socket.Socket;
import io.merklite.node.socket.SocketSession;
import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.link.LinkCodec;
import io.merklite.sync.link.LinkMessage;
import io.merklite.sync.link.LinkMessage.Carried;
import io.merklite.sync.link.LinkMessage.Hello;
import io.merklite.sync.link.LinkMessage.Refusal;
import io.merklite.sync.link.LinkMessage.Welcome;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.vector.VersionVector;
import java.util.function.Consumer;
import org.apache.pekko.util.ByteString;

/**
 * The link with one replica.
 *
 * <p><b>Invariants.</b> (1) Nothing is carried before the welcome, in either direction. (2) Whoever is turned away is told why, in a
 * message and by the code of the close.
 *
 * <p><b>Memory.</b> At most {@value #MAX_IN_FLIGHT} messages of the replica wait for the database; beyond that nothing is read. What
 * is published while too much waits to be sent is not kept: the replica is told the positions when there is room again, and
 * asks. All else that is sent to it, it has asked for.
 *
 * <p><b>Threading.</b> Confined to its connection.
 */
final class SyncSession implements SocketSession {
    private static final int MAX_IN_FLIGHT = 8;

    private final Socket socket;
    private final boolean mayWrite;
    private final SyncSettings settings;
    private final Links links;
    private LinkCodec codec;
    private State state = new State.Greeting();
    private int inFlightCount;
    private VersionVector unpublished = VersionVector.EMPTY;

    /** The way to the database. */
    interface Links {
        /** Links a replica with the database; {@code listener} is called by one thread at a time. */
        ReplicaConnection open(String replica, boolean mayWrite, Consumer<ReplicaLink> listener);
    }

    private sealed interface State {
        /** The replica has not said who it is. */
        record Greeting() implements State {}

        /** The database has not answered. */
        record Connecting(ReplicaConnection connection, Hello hello) implements State {}

        record Open(ReplicaConnection connection) implements State {}

        record Ended() implements State {}
    }

    /** @param mayWrite whether what the replica has written is taken */
    SyncSession(Socket socket, boolean mayWrite, SyncSettings settings, Links links) {
        this.socket = socket;
        this.mayWrite = mayWrite;
        this.settings = settings;
        this.links = links;
        this.codec = new LinkCodec(settings.maxMessageSizeBytes());
    }

    @Override
    public void receive(boolean isText, ByteString payload) {
        if (isText) {
            socket.close(FrameDecoder.WRONG_KIND, "messages must be binary");
            return;
        }
        try {
            switch (codec.decode(payload.toArrayUnsafe())) {
                case Hello hello when state instanceof State.Greeting -> onHello(hello);
                case Carried carried
                when state instanceof State.Open open -> {
                    inFlightCount++;
                    open.connection().send(carried.message());
                }
                case LinkMessage other -> violated(other.getClass().getSimpleName() + " at this time");
            }
        } catch (SyncException e) {
            violated(String.valueOf(e.getMessage()));
        }
    }

    private void violated(String what) {
        refuse(CloseCode.VIOLATED, new Refusal("PROTOCOL_VIOLATED", what, true));
    }

    private void onHello(Hello hello) {
        codec = new LinkCodec(Math.min(settings.maxMessageSizeBytes(), hello.maxMessageBytes()));
        state = new State.Connecting(links.open(hello.replica(), mayWrite, said -> socket.run(() -> on(said))), hello);
    }

    private void on(ReplicaLink said) {
        switch (said) {
            case ReplicaLink.Connected connected
            when state instanceof State.Connecting connecting -> {
                send(new Welcome(mayWrite, settings.maxMessageSizeBytes()));
                state = new State.Open(connecting.connection());
            }
            case ReplicaLink.Connected again -> violated("connected twice");
            case ReplicaLink.Said message -> deliver(message.message());
            case ReplicaLink.Taken taken -> {
                inFlightCount--;
                socket.read();
            }
            case ReplicaLink.Ended ended -> ended(ended.error());
        }
    }

    private void deliver(SyncMessage message) {
        switch (message) {
            case SyncMessage.Publish publish
            when socket.isCongested() ->
                publish.transactions()
                        .forEach(
                                transaction -> unpublished = unpublished.with(transaction.origin(), transaction.seq()));
            case SyncMessage.Announce announce
            when socket.isCongested() -> unpublished = unpublished.with(announce.origin(), announce.seq());
            case SyncMessage other -> send(new Carried(other));
        }
    }

    private void send(LinkMessage message) {
        try {
            socket.sendBinary(ByteString.fromArrayUnsafe(codec.encode(message)));
        } catch (TooLarge e) {
            refuse(
                    CloseCode.TOO_LARGE,
                    new Refusal(
                            "MESSAGE_TOO_LARGE",
                            "a row is larger than a message may be; raise the replica's limit, and merklite.sync.max-message-size:"
                                    + " " + e.getMessage(),
                            true));
        }
    }

    @Override
    public void proceed() {
        var positions = unpublished;
        unpublished = VersionVector.EMPTY;
        positions.seqs().forEach((origin, seq) -> send(new Carried(new SyncMessage.Announce(origin, seq))));
    }

    @Override
    public boolean hasRoom() {
        return inFlightCount < MAX_IN_FLIGHT;
    }

    private void ended(SqlError why) {
        switch (why.code()) {
            case "NO_DATABASE" -> refuse(CloseCode.NO_DATABASE, noDatabase());
            case "REPLACED" -> refuse(CloseCode.REPLACED, new Refusal(why.code(), why.message(), false));
            case "MOVING" -> refuse(CloseCode.WRITER_MOVES, new Refusal(why.code(), why.message(), false));
            default -> refuse(CloseCode.TRY_LATER, new Refusal(why.code(), why.message(), false));
        }
    }

    static Refusal noDatabase() {
        return new Refusal(
                "DATABASE_NOT_FOUND", "there is no database of this name: create it, or correct the address", true);
    }

    /** Says why, and closes. */
    void refuse(CloseCode code, Refusal refusal) {
        socket.sendBinary(ByteString.fromArrayUnsafe(codec.encode(refusal)));
        socket.close(code.number(), refusal.message());
    }

    @Override
    public void end() {
        var before = state;
        state = new State.Ended();
        switch (before) {
            case State.Connecting connecting -> connecting.connection().close();
            case State.Open open -> open.connection().close();
            case State.Greeting greeting -> {}
            case State.Ended ended -> {}
        }
    }
}
