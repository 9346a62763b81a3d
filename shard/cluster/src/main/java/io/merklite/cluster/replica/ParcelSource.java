package io.merklite.cluster.replica;

import io.merklite.sync.message.Chunk;
import java.time.Duration;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Hands out the bytes of a message that is too large to be sent at once, piece by piece as they are asked for. */
final class ParcelSource {
    /** After how long without a question nobody is taken to want it. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private ParcelSource() {}

    /**
     * @param bytes the message; not to be changed any more
     * @param ended run once, when the bytes are not needed any more
     */
    static Behavior<SnapshotSource.Command> create(byte[] bytes, Runnable ended) {
        return Behaviors.setup(context -> {
            context.setReceiveTimeout(PATIENCE, SnapshotSource.Done.DONE);
            return Behaviors.receive(SnapshotSource.Command.class)
                    .onMessage(SnapshotSource.Want.class, want -> {
                        want.replyTo().tell(piece(bytes, want.offset()));
                        return Behaviors.same();
                    })
                    .onMessage(SnapshotSource.Done.class, done -> Behaviors.stopped())
                    .onSignal(PostStop.class, stopped -> {
                        ended.run();
                        return Behaviors.same();
                    })
                    .build();
        });
    }

    private static SnapshotSource.Piece piece(byte[] bytes, long offset) {
        var from = (int) Math.min(bytes.length, offset);
        var size = Math.min(SnapshotSource.PIECE_BYTES, bytes.length - from);
        return new SnapshotSource.Piece(from, bytes.length, Chunk.copyOf(bytes, from, from + size));
    }
}
