package io.merklite.cluster.replica;

import io.merklite.cluster.journal.ChangesetLog;
import io.merklite.cluster.journal.LogId;
import io.merklite.cluster.journal.LogSettings;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * A replica's way to its changeset log, which is a child of the replica's actor.
 *
 * <p>Answers come back to the actor as {@link Answer}s, in the order of the questions. One question about ranges at a time.
 *
 * <p><b>Threading.</b> Confined to the replica's actor.
 */
public final class LogLink {
    /** Who in a replica has asked for an append. */
    enum Owner {
        PEERS,
        WRITER
    }

    /** What the log says. */
    sealed interface Answer {
        /** What was to be appended is on disk. */
        record Appended(Owner owner) implements Answer {}

        /** What the log has of the ranges that were asked for, and which of them it does not have. */
        record Read(List<Transaction> found, List<SeqRange> gone) implements Answer {}

        /** What the log has and the file had not; more with {@link LogLink#recover}, unless it is complete. */
        record Recovered(List<Transaction> transactions, boolean isComplete) implements Answer {}

        /** The log has failed: what it has is not known. */
        record Failed(String why) implements Answer {}
    }

    /** Opens the logs of a node's replicas. */
    public record Factory(ReplicaHome home, LogSettings settings) {
        /** Removes the log of a database whose file is gone; stops when that is done. */
        Behavior<Void> discard(String database, String incarnation) {
            return ChangesetLog.discard(new LogId(database, home.node(), incarnation), settings);
        }

        <T> LogLink open(ActorContext<T> context, String database, Function<Answer, T> wrap) {
            return new LogLink(new Child<>(context, wrap), this, database);
        }
    }

    /** The actor whose child the log is. */
    private static final class Child<T> {
        private final ActorContext<T> context;
        private final Function<Answer, T> wrap;

        private Child(ActorContext<T> context, Function<Answer, T> wrap) {
            this.context = context;
            this.wrap = wrap;
        }

        private ActorRef<ChangesetLog.Command> spawn(Factory factory, LogId id) {
            var log = context.spawn(
                    ChangesetLog.create(id, factory.settings(), factory.home().clock()), "log");
            context.watchWith(log, wrap.apply(new Answer.Failed("the changeset log has stopped: see its error above")));
            return log;
        }

        private void discard(Factory factory, String database, String incarnation) {
            context.spawnAnonymous(factory.discard(database, incarnation));
        }

        private <A> ActorRef<A> adapter(Class<A> type, Function<A, Answer> toAnswer) {
            return context.messageAdapter(type, answer -> wrap.apply(toAnswer.apply(answer)));
        }
    }

    private final Child<?> child;
    private final Factory factory;
    private final String database;
    private final ActorRef<ChangesetLog.AppendOutcome> appends;
    private final ActorRef<ChangesetLog.ReadOutcome> reads;
    private final Deque<Owner> appending = new ArrayDeque<>();
    private Optional<ActorRef<ChangesetLog.Command>> log = Optional.empty();
    private boolean isRecovering;

    private LogLink(Child<?> child, Factory factory, String database) {
        this.child = child;
        this.factory = factory;
        this.database = database;
        this.appends = child.adapter(ChangesetLog.AppendOutcome.class, this::onAppend);
        this.reads = child.adapter(ChangesetLog.ReadOutcome.class, this::onRead);
    }

    private Answer onAppend(ChangesetLog.AppendOutcome outcome) {
        return switch (outcome) {
            case ChangesetLog.Appended appended -> new Answer.Appended(appending.remove());
            case ChangesetLog.AppendFailed failed -> new Answer.Failed(failed.code() + ": " + failed.reason());
        };
    }

    private Answer onRead(ChangesetLog.ReadOutcome outcome) {
        return switch (outcome) {
            case ChangesetLog.Page page
            when isRecovering ->
                new Answer.Recovered(page.transactions(), page.rest().isEmpty());
            case ChangesetLog.Page page -> new Answer.Read(page.transactions(), page.gone());
            case ChangesetLog.ReadFailed failed
            when isRecovering -> new Answer.Failed(failed.code() + ": " + failed.reason());
            // A peer asks again, and takes the merkle path if it must.
            case ChangesetLog.ReadFailed failed -> new Answer.Read(List.of(), List.of());
        };
    }

    /** The file is a new one: it gets a log of its own, and the one of the file before it goes. */
    void renew() {
        factory.home().knownIncarnation(database).ifPresent(old -> child.discard(factory, database, old));
        factory.home().renewIncarnation(database);
        factory.home().syncDirectory();
    }

    /** Asks for what the log has and {@code applied} does not. Answered by {@link Answer.Recovered}. */
    void recover(VersionVector applied) {
        isRecovering = true;
        log().tell(new ChangesetLog.Unapplied(applied, factory.settings().maxReadSizeBytes(), reads));
    }

    /** Appends for somebody. Answered by {@link Answer.Appended}. */
    void append(List<Transaction> transactions, Owner owner) {
        appending.add(owner);
        log().tell(new ChangesetLog.Append(transactions, appends));
    }

    /** The log as an exchange with peers needs it. */
    Exchange.Log forPeers() {
        return new Exchange.Log() {
            @Override
            public void append(List<Transaction> transactions) {
                LogLink.this.append(transactions, Owner.PEERS);
            }

            @Override
            public void read(List<SeqRange> ranges) {
                isRecovering = false;
                log().tell(new ChangesetLog.Read(ranges, factory.settings().maxReadSizeBytes(), reads));
            }
        };
    }

    /** The log itself, for readers with questions of their own. */
    ActorRef<ChangesetLog.Command> log() {
        var open = log.orElseGet(() -> child.spawn(
                factory,
                new LogId(database, factory.home().node(), factory.home().incarnation(database))));
        log = Optional.of(open);
        return open;
    }
}
