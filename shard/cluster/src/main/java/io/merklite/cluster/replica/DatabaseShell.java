package io.merklite.cluster.replica;

import io.merklite.cluster.replica.DatabaseActor.Command;
import io.merklite.cluster.replica.DatabaseActor.ConflictSettled;
import io.merklite.cluster.replica.DatabaseActor.ConnectReplica;
import io.merklite.cluster.replica.DatabaseActor.Drop;
import io.merklite.cluster.replica.DatabaseActor.FetchSql;
import io.merklite.cluster.replica.DatabaseActor.Inspect;
import io.merklite.cluster.replica.DatabaseActor.RunSql;
import io.merklite.cluster.replica.DatabaseActor.SettleConflict;
import io.merklite.cluster.replica.DatabaseActor.Stop;
import io.merklite.cluster.replica.DatabaseActor.WantSnapshot;
import io.merklite.cluster.replica.DatabaseActor.WatchChanges;
import io.merklite.cluster.replica.DatabaseActor.WatchQuery;
import io.merklite.cluster.replica.DatabaseActor.WatchTaken;
import io.merklite.cluster.replica.SqlReply.Refusal;
import io.merklite.cluster.sql.SqlError;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.StashBuffer;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;

/**
 * A database's actor without its database: what waits for it to open, how it refuses, and how it ends. All its phases share it.
 *
 * <p><b>Invariant.</b> Whoever asks is answered once: what waits here is worked off, or refused when the actor ends, however
 * that comes.
 *
 * <p><b>Threading.</b> Confined to the actor.
 */
final class DatabaseShell {
    private static final String MOVES = "the writer moves to another node";

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final StashBuffer<Command> stash;
    private final ReplicaHome home;
    private final String database;
    private final ActorRef<ClusterSharding.ShardCommand> shard;
    private final ActorRef<Replicas.Command> replicas;
    private boolean endsWell;

    DatabaseShell(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            StashBuffer<Command> stash,
            ReplicaHome home,
            String database,
            ActorRef<ClusterSharding.ShardCommand> shard,
            ActorRef<Replicas.Command> replicas) {
        this.context = context;
        this.timers = timers;
        this.stash = stash;
        this.home = home;
        this.database = database;
        this.shard = shard;
        this.replicas = replicas;
    }

    ActorContext<Command> context() {
        return context;
    }

    TimerScheduler<Command> timers() {
        return timers;
    }

    ReplicaHome home() {
        return home;
    }

    /** Name of the database. */
    String database() {
        return database;
    }

    /** The node's register. */
    ActorRef<Replicas.Command> replicas() {
        return replicas;
    }

    // ---- what waits -------------------------------------------------------------------------------------------------

    /** Has a command wait for the database to open. */
    Behavior<Command> stash(Command command) {
        if (stash.isFull()) {
            refuse(command, Refusal.OVERLOADED, "too many requests wait for the database to open");
        } else {
            stash.stash(command);
        }
        return Behaviors.same();
    }

    /** Whether something like that waits. */
    boolean hasStashed(Predicate<Command> like) {
        return stash.anyMatch(like);
    }

    /** Does something with each command that waits. */
    void eachStashed(Consumer<Command> work) {
        stash.forEach(work::accept);
    }

    /** Goes on with {@code next}, which gets what has waited first. */
    Behavior<Command> unstashAll(Behavior<Command> next) {
        return stash.unstashAll(next);
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    /** Asks the shard to be stopped, and to keep what comes meanwhile for the successor. */
    void passivate() {
        shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
    }

    /** Stops, without that being a failure. */
    Behavior<Command> stop() {
        endsWell = true;
        return Behaviors.stopped();
    }

    /** What waited for the database to open asks its successor. */
    Behavior<Command> stopBeforeServing() {
        stash.forEach(command -> {
            if (command instanceof Drop drop) {
                forgetEverywhere(drop);
            } else {
                refuse(command, Refusal.MOVING, MOVES);
            }
        });
        stash.clear();
        return stop();
    }

    /** Passes a drop on, for an actor that has no file. */
    Behavior<Command> forgetEverywhere(Drop drop) {
        replicas.tell(new Replicas.ForgetEverywhere(database, drop.generation()));
        return Behaviors.same();
    }

    /** Refuses what has come, and what comes until the shard lets this actor stop. */
    Behavior<Command> refuseAll(Refusal refusal, String why) {
        endsWell = true;
        timers.cancelAll();
        passivate();
        return stash.unstashAll(Behaviors.receive(Command.class)
                .onMessage(Stop.class, stop -> stop())
                .onMessage(Drop.class, this::forgetEverywhere)
                .onAnyMessage(command -> {
                    refuse(command, refusal, why);
                    return Behaviors.same();
                })
                .build());
    }

    /** The actor has stopped. Without {@link #stop} or {@link #refuseAll} that is a failure, and the database rests a while. */
    void stopped() {
        if (!endsWell) {
            home.setbacks().failed(database);
        }
        stash.forEach(command -> refuse(command, Refusal.UNAVAILABLE, "the database closes"));
        stash.clear();
    }

    // ---- refusals ---------------------------------------------------------------------------------------------------

    /** The database goes on elsewhere: who is told this asks again. */
    static void refuseAsMoving(Command command) {
        refuse(command, Refusal.MOVING, MOVES);
    }

    /** Answers a command that is not done, if it is one that is answered. */
    static void refuse(Command command, Refusal refusal, String what) {
        var refused = new SqlReply.Refused(refusal, what);
        var error = new SqlError(refusal.name(), what);
        if (command instanceof RunSql sql) {
            sql.replyTo().tell(refused);
        } else if (command instanceof FetchSql fetch) {
            fetch.replyTo().tell(refused);
        } else if (command instanceof WatchQuery watch) {
            watch.watcher().tell(new Watch.Ended(error));
        } else if (command instanceof WatchChanges watch) {
            watch.watcher().tell(new Watch.Ended(error));
        } else if (command instanceof ConnectReplica connect) {
            connect.link().tell(new ReplicaLink.Ended(error));
        } else if (command instanceof WatchTaken taken) {
            taken.watcher().tell(new Watch.Ended(error));
        } else if (command instanceof SettleConflict settle) {
            settle.replyTo().tell(new ConflictSettled(Optional.of(error)));
        } else if (command instanceof Inspect inspect) {
            inspect.replyTo().tell(refused);
        } else if (command instanceof WantSnapshot want) {
            want.replyTo().tell(refused);
        }
    }
}
