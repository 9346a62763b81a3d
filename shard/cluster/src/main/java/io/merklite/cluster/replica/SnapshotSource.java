package io.merklite.cluster.replica;

import io.merklite.sync.message.Chunk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Sends a copy of a database file, piece by piece as it is asked for.
 *
 * <p>The copy is a page-exact one of a moment, in a file beside the database: row ids stay what they are, which a VACUUM
 * would not guarantee. It is deleted when the receiver has all of it, or asks for nothing more.
 */
public final class SnapshotSource {
    /** How large all pieces are but the last. */
    public static final int PIECE_BYTES = 128 << 10;

    /** What a snapshot is asked. */
    public sealed interface Command {}

    /**
     * Sent by the receiver; answered by {@link Piece}.
     *
     * @param offset of the first byte wanted
     */
    public record Want(long offset, ActorRef<Piece> replyTo) implements Command, ReplicaMessage {}

    /** Sent by the receiver: it has everything, or gives up. */
    public enum Done implements Command, ReplicaMessage {
        DONE
    }

    private enum Abandoned implements Command {
        ABANDONED
    }

    /**
     * A piece of the file.
     *
     * @param offset of its first byte
     * @param totalSizeBytes size of the file
     * @param bytes the piece
     */
    public record Piece(long offset, long totalSizeBytes, Chunk bytes) implements ReplicaMessage {}

    private final FileChannel channel;
    private final Path copy;
    private final long sizeBytes;

    private SnapshotSource(Path copy) throws IOException {
        this.copy = copy;
        this.channel = FileChannel.open(copy, StandardOpenOption.READ);
        this.sizeBytes = channel.size();
    }

    /**
     * Copies {@code file} and serves the copy.
     *
     * @param file a database in WAL mode
     * @param patience after how long without a question the copy is deleted
     */
    static Behavior<Command> create(Path file, Path copy, Duration patience) {
        return Behaviors.setup(context -> {
            var source = open(file, copy);
            context.setReceiveTimeout(patience, Abandoned.ABANDONED);
            return source.serving(context);
        });
    }

    private static SnapshotSource open(Path file, Path copy) throws SQLException, IOException {
        try {
            copy(file, copy);
            return new SnapshotSource(copy);
        } catch (SQLException | IOException e) {
            Files.deleteIfExists(copy); // what fitted on a full disk is in the way of everybody
            throw e;
        }
    }

    private static void copy(Path file, Path copy) throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file.toAbsolutePath());
                var statement = connection.createStatement()) {
            statement.executeUpdate(
                    "backup to '" + copy.toAbsolutePath().toString().replace("'", "''") + "'");
        }
    }

    private Behavior<Command> serving(ActorContext<Command> context) {
        return Behaviors.receive(Command.class)
                .onMessage(Want.class, want -> {
                    want.replyTo().tell(piece(want.offset()));
                    return Behaviors.same();
                })
                .onMessage(Done.class, done -> Behaviors.stopped())
                .onMessage(Abandoned.class, abandoned -> {
                    context.getLog().warn("snapshot given up: nobody asks for it");
                    return Behaviors.stopped();
                })
                .onSignal(PostStop.class, stopped -> {
                    close();
                    return Behaviors.same();
                })
                .build();
    }

    private Piece piece(long offset) {
        var length = (int) Math.max(0, Math.min(PIECE_BYTES, sizeBytes - offset));
        var buffer = ByteBuffer.allocate(length);
        try {
            while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) > 0) {
                // a read may give less than what is there
            }
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + copy, e);
        }
        return new Piece(offset, sizeBytes, Chunk.copyOf(buffer.array(), 0, length));
    }

    private void close() throws IOException {
        channel.close();
        Files.deleteIfExists(copy);
    }
}
