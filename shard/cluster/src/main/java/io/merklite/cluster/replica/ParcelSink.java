package io.merklite.cluster.replica;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;

/** Fetches what a {@link Parcel} stands for, several pieces at a time, asks again for what was lost, and gives up at some time. */
final class ParcelSink {
    private static final int WINDOW = 4;
    private static final int MAX_SILENCES = 5;
    private static final Duration SILENCE = Duration.ofSeconds(2);

    private sealed interface Command {}

    private record Got(SnapshotSource.Piece piece) implements Command {}

    private enum SourceGone implements Command {
        SOURCE_GONE
    }

    private enum Silence implements Command {
        SILENCE
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final Parcel parcel;
    private final Consumer<Optional<Object>> opened;
    private final ActorRef<SnapshotSource.Piece> answers;
    private final byte[] bytes;
    private final boolean[] isHere;
    private int missingCount;
    private int nextPiece;
    private int silences;

    private ParcelSink(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Parcel parcel,
            Consumer<Optional<Object>> opened) {
        this.context = context;
        this.timers = timers;
        this.parcel = parcel;
        this.opened = opened;
        this.answers = context.messageAdapter(SnapshotSource.Piece.class, Got::new);
        this.bytes = new byte[parcel.sizeBytes()];
        this.isHere = new boolean[Math.ceilDiv(bytes.length, SnapshotSource.PIECE_BYTES)];
        this.missingCount = isHere.length;
    }

    /**
     * @param parcel whose size was checked
     * @param opened is given the message once, or nothing if it could not be fetched; called on the actor's thread
     */
    static Behavior<Void> create(Parcel parcel, Consumer<Optional<Object>> opened) {
        Behavior<Command> fetching = Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            var sink = new ParcelSink(context, timers, parcel, opened);
            context.watchWith(parcel.source(), SourceGone.SOURCE_GONE);
            for (var i = 0; i < WINDOW; i++) {
                sink.wantNext();
            }
            timers.startSingleTimer(Silence.SILENCE, SILENCE);
            return sink.fetching();
        }));
        return fetching.unsafeCast();
    }

    private Behavior<Command> fetching() {
        return Behaviors.receive(Command.class)
                .onMessage(Got.class, got -> onPiece(got.piece()))
                .onMessage(SourceGone.class, gone -> giveUp("its sender is gone"))
                .onMessage(Silence.class, silence -> onSilence())
                .onSignal(PostStop.class, stopped -> {
                    parcel.source().tell(SnapshotSource.Done.DONE);
                    return Behaviors.same();
                })
                .build();
    }

    private void wantNext() {
        if (nextPiece < isHere.length) {
            want(nextPiece);
            nextPiece++;
        }
    }

    private void want(int piece) {
        parcel.source().tell(new SnapshotSource.Want((long) piece * SnapshotSource.PIECE_BYTES, answers));
    }

    private Behavior<Command> onPiece(SnapshotSource.Piece piece) {
        var index = (int) (piece.offset() / SnapshotSource.PIECE_BYTES);
        var content = piece.bytes().view();
        var isWhole = piece.totalSizeBytes() == bytes.length
                && piece.offset() % SnapshotSource.PIECE_BYTES == 0
                && piece.offset() < bytes.length
                && content.remaining() == Math.min(SnapshotSource.PIECE_BYTES, bytes.length - piece.offset());
        if (!isWhole) {
            return giveUp("a piece at " + piece.offset() + " is not what was asked for");
        }
        if (isHere[index]) {
            return Behaviors.same();
        }
        content.get(bytes, (int) piece.offset(), content.remaining());
        isHere[index] = true;
        missingCount--;
        silences = 0;
        timers.startSingleTimer(Silence.SILENCE, SILENCE);
        wantNext();
        return missingCount == 0 ? open() : Behaviors.same();
    }

    private Behavior<Command> onSilence() {
        silences++;
        if (silences == MAX_SILENCES) {
            return giveUp("no piece of it came for " + SILENCE.multipliedBy(MAX_SILENCES));
        }
        for (var piece = 0; piece < nextPiece; piece++) {
            if (!isHere[piece]) {
                want(piece);
            }
        }
        timers.startSingleTimer(Silence.SILENCE, SILENCE);
        return Behaviors.same();
    }

    private Behavior<Command> open() {
        Serialization serialization = SerializationExtension.get(context.getSystem());
        var message = serialization.deserialize(bytes, ReplicaSerializer.IDENTIFIER, parcel.manifest());
        if (message.isFailure()) {
            return giveUp(String.valueOf(message.failed().get()));
        }
        opened.accept(Optional.of(message.get()));
        return Behaviors.stopped();
    }

    private Behavior<Command> giveUp(String why) {
        context.getLog()
                .warn(
                        "large message is lost message={} bytes={} from={} why={}",
                        parcel.manifest(),
                        bytes.length,
                        parcel.source(),
                        why);
        opened.accept(Optional.empty());
        return Behaviors.stopped();
    }
}
