package io.merklite.cluster.replica;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Fetches a copy of a database file from a {@link SnapshotSource}, several pieces at a time, into a file that gets its name
 * only when it is whole and on disk.
 */
final class SnapshotSink {
    private static final int WINDOW = 8;
    /** The copy of a large file takes its time; a source that dies is noticed before that. */
    private static final Duration COPY_PATIENCE = Duration.ofMinutes(10);

    /** What a sink is told. */
    sealed interface Command {}

    private record Got(SnapshotSource.Piece piece) implements Command {}

    private enum SourceGone implements Command {
        SOURCE_GONE
    }

    private enum TimedOut implements Command {
        TIMED_OUT
    }

    /** What became of it. */
    sealed interface Outcome {
        /** The file is there. */
        record Fetched(long sizeBytes) implements Outcome {}

        /** It isn't. */
        record Failed(String why) implements Outcome {}
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final ActorRef<SnapshotSource.Command> source;
    private final ActorRef<SnapshotSource.Piece> answers;
    private final ActorRef<Outcome> replyTo;
    private final Path part;
    private final Path file;
    private final Duration patience;
    private final FileChannel channel;
    private final Set<Long> wanted = new HashSet<>();
    private long nextOffset;
    private long pieceSizeBytes;
    private long totalSizeBytes = -1;
    private long receivedBytes;

    private SnapshotSink(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ActorRef<SnapshotSource.Command> source,
            Path file,
            Duration patience,
            ActorRef<Outcome> replyTo)
            throws IOException {
        this.context = context;
        this.timers = timers;
        this.source = source;
        this.replyTo = replyTo;
        this.file = file;
        this.patience = patience;
        this.part = file.resolveSibling(file.getFileName() + ".part");
        this.answers = context.messageAdapter(SnapshotSource.Piece.class, Got::new);
        this.channel = FileChannel.open(
                part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
    }

    /**
     * @param source of the copy
     * @param file that it becomes
     * @param patience how long to wait for a piece but the first, which comes when the source has made its copy
     * @param replyTo hears once how it ended
     */
    static Behavior<Command> create(
            ActorRef<SnapshotSource.Command> source, Path file, Duration patience, ActorRef<Outcome> replyTo) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            var sink = new SnapshotSink(context, timers, source, file, patience, replyTo);
            context.watchWith(source, SourceGone.SOURCE_GONE);
            sink.want(0, COPY_PATIENCE);
            return sink.receiving();
        }));
    }

    private Behavior<Command> receiving() {
        return Behaviors.receive(Command.class)
                .onMessage(Got.class, got -> onPiece(got.piece()))
                .onMessage(TimedOut.class, timedOut -> {
                    replyTo.tell(new Outcome.Failed("no piece of the snapshot came for " + patience));
                    return Behaviors.stopped();
                })
                .onMessage(SourceGone.class, gone -> {
                    replyTo.tell(new Outcome.Failed("the node that sent the snapshot has given up or is gone"));
                    return Behaviors.stopped();
                })
                .onSignal(PostStop.class, stopped -> {
                    source.tell(SnapshotSource.Done.DONE);
                    channel.close();
                    Files.deleteIfExists(part);
                    return Behaviors.same();
                })
                .build();
    }

    private void want(long offset, Duration limit) {
        wanted.add(offset);
        source.tell(new SnapshotSource.Want(offset, answers));
        timers.startSingleTimer(TimedOut.TIMED_OUT, limit);
    }

    private Behavior<Command> onPiece(SnapshotSource.Piece piece) throws IOException {
        if (!wanted.remove(piece.offset())) {
            return Behaviors.same();
        }
        var bytes = piece.bytes().view();
        receivedBytes += bytes.remaining();
        if (totalSizeBytes < 0) {
            totalSizeBytes = piece.totalSizeBytes();
            pieceSizeBytes = bytes.remaining();
            nextOffset = pieceSizeBytes;
        }
        var position = piece.offset();
        while (bytes.hasRemaining()) {
            position += channel.write(bytes, position);
        }
        while (wanted.size() < WINDOW && nextOffset < totalSizeBytes) {
            want(nextOffset, patience);
            nextOffset += pieceSizeBytes;
        }
        return wanted.isEmpty() ? finish() : Behaviors.same();
    }

    private Behavior<Command> finish() throws IOException {
        if (receivedBytes != totalSizeBytes) {
            replyTo.tell(new Outcome.Failed(
                    "the snapshot has " + receivedBytes + " bytes, expected were " + totalSizeBytes));
            return Behaviors.stopped();
        }
        channel.force(true);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        context.getLog().info("snapshot fetched bytes={}", totalSizeBytes);
        replyTo.tell(new Outcome.Fetched(totalSizeBytes));
        return Behaviors.stopped();
    }
}
