package io.merklite.cluster.replica;

import io.merklite.cluster.catalog.Catalog;
import io.merklite.cluster.replica.DatabaseActor.Command;
import io.merklite.cluster.replica.DatabaseActor.Drop;
import io.merklite.cluster.replica.DatabaseActor.FetchSql;
import io.merklite.cluster.replica.DatabaseActor.FileAcquired;
import io.merklite.cluster.replica.DatabaseActor.FromLog;
import io.merklite.cluster.replica.DatabaseActor.FromPeer;
import io.merklite.cluster.replica.DatabaseActor.GiveUpWaiting;
import io.merklite.cluster.replica.DatabaseActor.HostsChanged;
import io.merklite.cluster.replica.DatabaseActor.LookUpFailed;
import io.merklite.cluster.replica.DatabaseActor.LookedUp;
import io.merklite.cluster.replica.DatabaseActor.Rested;
import io.merklite.cluster.replica.DatabaseActor.RunSql;
import io.merklite.cluster.replica.DatabaseActor.Stop;
import io.merklite.cluster.replica.DatabaseActor.WantSnapshot;
import io.merklite.cluster.replica.DatabaseActor.WatchChanges;
import io.merklite.cluster.replica.DatabaseActor.WatchQuery;
import io.merklite.cluster.replica.SqlReply.Refusal;
import io.merklite.sync.SyncException;
import io.merklite.sync.transaction.Transaction;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * A database's actor until it serves: a pause after a failure, the catalog's word, the file, what the log has and the file
 * has not, what the other copies have. Whoever asks meanwhile waits.
 *
 * <p><b>Threading.</b> Confined to the actor. Blocks on disk.
 */
final class OpeningDatabase {
    private static final String SEE_LOG = "see the node's log";

    private final DatabaseShell shell;
    private final ReplicaHome home;
    private final String database;
    private final DatabaseActor.Existence existence;
    private final DatabaseActor.Peers remote;
    private final LogLink log;
    private final Acknowledgements acknowledgements = new Acknowledgements();
    private final CatchUp catchUp = new CatchUp();
    private Optional<Open> opened = Optional.empty();

    /** The file is open. */
    private record Open(ReplicaCore core, Exchange exchange, WriterPeers peers) {}

    OpeningDatabase(DatabaseShell shell, DatabaseActor.Existence existence, DatabaseActor.Peers remote, LogLink log) {
        this.shell = shell;
        this.home = shell.home();
        this.database = shell.database();
        this.existence = existence;
        this.remote = remote;
        this.log = log;
    }

    Behavior<Command> begin() {
        var pause = home.setbacks().pause(database);
        return pause.isZero() ? lookUp() : rest(pause);
    }

    /** After a failure: who asks is refused at once, and the file is not opened for each message. */
    private Behavior<Command> rest(Duration pause) {
        shell.timers().startSingleTimer(Rested.RESTED, pause);
        return Behaviors.receive(Command.class)
                .onMessage(Rested.class, rested -> lookUp())
                .onMessage(Stop.class, stop -> shell.stop())
                .onMessage(Drop.class, shell::forgetEverywhere)
                .onAnyMessage(command -> {
                    DatabaseShell.refuse(
                            command, Refusal.UNAVAILABLE, "it failed and is opened again in a while: " + SEE_LOG);
                    return Behaviors.same();
                })
                .build();
    }

    // ---- whether it is to be ----------------------------------------------------------------------------------------

    /** Asking for a database makes one only if the settings say so; a peer that speaks of it has it. */
    private Behavior<Command> lookUp() {
        ask(existence.look(database));
        return Behaviors.receive(Command.class)
                .onMessage(LookedUp.class, looked -> onLookedUp(looked.known()))
                .onMessage(LookUpFailed.class, failed -> {
                    shell.context().getLog().warn("catalog does not answer why={}", failed.why());
                    hearStashed();
                    return isKnownHere() ? acquire() : shell.refuseAll(Refusal.UNAVAILABLE, failed.why());
                })
                .onMessage(Stop.class, stop -> shell.stopBeforeServing())
                .onSignal(PostStop.class, stopped -> close())
                .onAnyMessage(shell::stash)
                .build();
    }

    private Behavior<Command> onLookedUp(Catalog.Known known) {
        hearStashed();
        return switch (known.state()) {
            case EXISTS -> {
                home.generations().heard(database, known.generation());
                yield acquire();
            }
            case DROPPED -> {
                if (home.generations().newest(database) > known.generation()) {
                    yield acquire(); // others know that it was made again, and the catalog here does not yet
                }
                yield isToBeMade() ? make() : shell.refuseAll(Refusal.NO_DATABASE, "it was dropped");
            }
            case UNKNOWN -> {
                if (isKnownHere()) {
                    yield acquire();
                }
                yield isToBeMade() ? make() : shell.refuseAll(Refusal.NO_DATABASE, "the catalog does not have it");
            }
        };
    }

    /** What peers have said before the file is open may be of a later generation than the catalog knows. */
    private void hearStashed() {
        shell.eachStashed(command -> {
            if (command instanceof FromPeer from) {
                home.generations().heard(database, from.generation());
            }
        });
    }

    private void ask(CompletionStage<Catalog.Known> question) {
        shell.context()
                .pipeToSelf(
                        question,
                        (known, failure) -> failure == null
                                ? new LookedUp(known)
                                : new LookUpFailed(String.valueOf(failure.getMessage())));
    }

    /** What replicas and operators ask does not make a database, only what clients do. */
    private boolean isToBeMade() {
        return home.settings().isAutoCreating()
                && Transaction.DATABASE_NAME.matcher(database).matches()
                && !database.startsWith(Catalog.RESERVED)
                && shell.hasStashed(command -> command instanceof RunSql
                        || command instanceof FetchSql
                        || command instanceof WatchQuery
                        || command instanceof WatchChanges);
    }

    private Behavior<Command> make() {
        shell.context().getLog().info("database is made for its first request");
        ask(existence.create(database).thenCompose(made -> existence.look(database)));
        return Behaviors.same();
    }

    private boolean isKnownHere() {
        return Files.exists(home.file(database)) || shell.hasStashed(FromPeer.class::isInstance);
    }

    // ---- its file ---------------------------------------------------------------------------------------------------

    private Behavior<Command> acquire() {
        var context = shell.context();
        shell.replicas()
                .tell(new Replicas.Acquire(
                        database,
                        context.getSelf(),
                        context.messageAdapter(Replicas.Acquired.class, FileAcquired::new)));
        return Behaviors.receive(Command.class)
                .onMessage(FileAcquired.class, acquired -> recover(acquired.acquired()))
                .onMessage(Stop.class, stop -> shell.stopBeforeServing())
                .onSignal(PostStop.class, stopped -> close())
                .onAnyMessage(shell::stash)
                .build();
    }

    private Behavior<Command> recover(Replicas.Acquired acquired) {
        ReplicaCore core;
        try {
            core = home.open(database);
        } catch (SyncException | UncheckedIOException e) {
            shell.context().getLog().error("database cannot be opened: see the cause, and the disk", e);
            return failed("it cannot be opened: " + SEE_LOG);
        }
        var peers = new WriterPeers(home, database, core::generation, acquired.topic(), remote, acknowledgements);
        peers.become(acquired.hosts());
        opened = Optional.of(new Open(core, new Exchange(core, log.forPeers(), peers::send), peers));
        log.recover(core.vector());
        return Behaviors.receive(Command.class)
                .onMessage(FromLog.class, answer -> onRecovered(answer.answer()))
                .onMessage(HostsChanged.class, changed -> {
                    peers.become(changed.hosts());
                    return Behaviors.same();
                })
                .onMessage(Stop.class, stop -> shell.stopBeforeServing())
                .onSignal(PostStop.class, stopped -> close())
                .onAnyMessage(shell::stash)
                .build();
    }

    private Behavior<Command> onRecovered(LogLink.Answer answer) {
        switch (answer) {
            case LogLink.Answer.Recovered recovered -> {
                exchange().deliver(core().recover(recovered.transactions()));
                if (recovered.isComplete()) {
                    return core().belongsTo(home.generations().newest(database)) ? catchUp() : outdated();
                }
                log.recover(core().vector());
            }
            case LogLink.Answer.Appended appended -> exchange().appended();
            case LogLink.Answer.Failed failed -> {
                return logFailed(failed);
            }
            case LogLink.Answer.Read read -> {
                return Behaviors.unhandled();
            }
        }
        return Behaviors.same();
    }

    /** The file is what was dropped: it is complete now, and is set aside when this actor has stopped. */
    private Behavior<Command> outdated() {
        home.generations().markOutdated(database);
        return shell.stopBeforeServing();
    }

    // ---- what others have -------------------------------------------------------------------------------------------

    /** A new writer first has what a majority of the other copies have; without them it goes on after a while. */
    private Behavior<Command> catchUp() {
        peers().followers().forEach(exchange()::connect);
        peers().datacenters().forEach(exchange()::connect);
        if (hasCaughtUp()) {
            return serve();
        }
        shell.timers()
                .startSingleTimer(GiveUpWaiting.GIVE_UP_WAITING, home.settings().takeOverTimeout());
        return Behaviors.receive(Command.class)
                .onMessage(FromPeer.class, this::onPeer)
                .onMessage(WantSnapshot.class, want -> {
                    catchUp.heard(PeerName.ofNode(want.node()));
                    shell.stash(want);
                    return goOn();
                })
                .onMessage(FromLog.class, answer -> onLog(answer.answer()))
                .onMessage(HostsChanged.class, changed -> {
                    peers().become(changed.hosts());
                    return goOn();
                })
                .onMessage(GiveUpWaiting.class, giveUp -> {
                    shell.context()
                            .getLog()
                            .warn(
                                    "writer goes on without a majority of its copies heard={} expected={}",
                                    catchUp.heard(),
                                    peers().followers());
                    return serve();
                })
                .onMessage(Stop.class, stop -> shell.stopBeforeServing())
                .onSignal(PostStop.class, stopped -> close())
                .onAnyMessage(shell::stash)
                .build();
    }

    private Behavior<Command> onPeer(FromPeer message) {
        if (message.generation() > core().generation()) {
            home.generations().heard(database, message.generation());
            return outdated();
        }
        if (message.generation() < core().generation()) {
            peers().correct(message.peer(), exchange());
            return Behaviors.same();
        }
        if (!exchange().offer(message.peer(), message.message())) {
            home.metrics().dropped();
        }
        exchange().pump();
        catchUp.heard(message.peer());
        peers().heard(message.peer(), message.message());
        return goOn();
    }

    private Behavior<Command> onLog(LogLink.Answer answer) {
        switch (answer) {
            case LogLink.Answer.Appended appended -> exchange().appended();
            case LogLink.Answer.Read read -> exchange().hold(read.found(), read.gone());
            case LogLink.Answer.Failed failed -> {
                return logFailed(failed);
            }
            case LogLink.Answer.Recovered recovered -> {
                return Behaviors.unhandled();
            }
        }
        exchange().pump();
        return goOn();
    }

    private Behavior<Command> goOn() {
        return hasCaughtUp() ? serve() : Behaviors.same();
    }

    private boolean hasCaughtUp() {
        return catchUp.isDone(peers().followers(), core().vector(), core().replicator()::vectorOf);
    }

    private Behavior<Command> serve() {
        shell.timers().cancel(GiveUpWaiting.GIVE_UP_WAITING);
        return new ServingDatabase(shell, core(), exchange(), peers(), acknowledgements, log).begin();
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    /** What the log has is not known. The file is opened again after a while, and compared with it. */
    private Behavior<Command> logFailed(LogLink.Answer.Failed failed) {
        shell.context()
                .getLog()
                .error(
                        "changeset log failed, database closes: free disk space or replace the disk why={}",
                        failed.why());
        return failed("it failed, and is opened again in a while: " + SEE_LOG);
    }

    /** Who asks is answered until the shard keeps what comes for the successor; whoever just stopped would leave them waiting. */
    private Behavior<Command> failed(String why) {
        home.setbacks().failed(database);
        closeFile();
        return shell.refuseAll(Refusal.UNAVAILABLE, why);
    }

    private Behavior<Command> close() {
        closeFile();
        shell.stopped();
        return Behaviors.same();
    }

    private void closeFile() {
        opened.ifPresent(open -> open.core().close());
        opened = Optional.empty();
    }

    private ReplicaCore core() {
        return opened.orElseThrow().core();
    }

    private Exchange exchange() {
        return opened.orElseThrow().exchange();
    }

    private WriterPeers peers() {
        return opened.orElseThrow().peers();
    }
}
