package io.merklite.cluster.replica;

import io.merklite.cluster.catalog.Catalog;
import io.merklite.cluster.placement.PreferredHost;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.sync.vector.VersionVector;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingSettings;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.ShardingMessageExtractor;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;

/**
 * The replicas of one node, put together: its register, its share of the writers, and the ways to all others.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class ReplicaGuardian {
    private static final EntityTypeKey<DatabaseActor.Command> KEY =
            EntityTypeKey.create(DatabaseActor.Command.class, "merklite-database");

    /** Who wants a snapshot and keeps no copy of the database. */
    private static final String NO_FOLLOWER = "";

    private final ActorSystem<?> system;
    private final ReplicaHome home;
    private final ClusterSharding sharding;
    private final LogLink.Factory logs;
    private final Map<String, Boolean> proxies = new ConcurrentHashMap<>();
    private final Catalog catalog;
    private final AtomicLong streamCount = new AtomicLong();
    private final long streamNode;
    private final Duration patience;

    private ReplicaGuardian(ActorSystem<?> system, ReplicaHome home, LogLink.Factory logs) {
        this.system = system;
        this.home = home;
        this.logs = logs;
        this.sharding = ClusterSharding.get(system);
        this.streamNode = home.random().nextLong();
        this.catalog =
                new Catalog(() -> stream(Catalog.DATABASE, StreamOptions.DEFAULTS, Optional.empty()), home.clock());
        this.patience = home.settings().requestTimeout();
    }

    /** Starts the replicas of a node. Called once, on the node's guardian. */
    public static ReplicaGuardian start(
            org.apache.pekko.actor.typed.javadsl.ActorContext<?> context, ReplicaHome home, LogLink.Factory logs) {
        var guardian = new ReplicaGuardian(context.getSystem(), home, logs);
        guardian.start(context);
        return guardian;
    }

    private void start(org.apache.pekko.actor.typed.javadsl.ActorContext<?> context) {
        // Readers could go on for as long as a statement may run, and nobody is left whom they could answer.
        CoordinatedShutdown.get(system)
                .addTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate(), "merklite-reads", () -> {
                    home.running().cancel();
                    return CompletableFuture.completedFuture(Done.getInstance());
                });
        var replicas = context.spawn(
                Behaviors.<Replicas.Command>setup(register ->
                        ParcelReceiver.before(Replicas.create(home, this::writerLink, logs), register.getSelf()::tell)),
                "replicas");
        context.watch(replicas); // whoever does not handle its end ends too: nothing goes on without it
        sharding.init(Entity.of(
                        KEY,
                        entity -> ParcelReceiver.before(
                                Behaviors.withMdc(
                                        DatabaseActor.Command.class,
                                        Map.of("database", entity.getEntityId(), "replica", home.node()),
                                        DatabaseActor.create(
                                                home,
                                                entity.getEntityId(),
                                                entity.getShard(),
                                                replicas,
                                                new CatalogExistence(),
                                                this::tellDatacenter,
                                                logs)),
                                writer(entity.getEntityId())::tell))
                .withStopMessage(DatabaseActor.Stop.STOP)
                .withEntityProps(Dispatchers.BLOCKING)
                .withSettings(ClusterShardingSettings.create(system).withNoPassivationStrategy())
                .withAllocationStrategy(new PreferredHost(Cluster.get(system), home.placement()))
                .withMessageExtractor(new Extractor<>()));
    }

    /** The catalog itself is always there. */
    private final class CatalogExistence implements DatabaseActor.Existence {
        @Override
        public CompletionStage<Catalog.Known> look(String database) {
            return database.equals(Catalog.DATABASE)
                    ? CompletableFuture.completedFuture(new Catalog.Known(Catalog.State.EXISTS, Generations.FIRST))
                    : catalog.look(database);
        }

        @Override
        public CompletionStage<?> create(String database) {
            return catalog.create(database);
        }
    }

    /**
     * Finds the shard of a database. It is generic, and so takes parcels as well, which are no commands.
     *
     * @param <M> what databases get
     */
    private final class Extractor<M> extends ShardingMessageExtractor<ShardingEnvelope<M>, M> {
        @Override
        public String entityId(ShardingEnvelope<M> envelope) {
            return envelope.entityId();
        }

        @Override
        public String shardId(String entityId) {
            return Integer.toString(home.placement().shardOf(entityId));
        }

        @Override
        public M unwrapMessage(ShardingEnvelope<M> envelope) {
            return envelope.message();
        }
    }

    private EntityRef<DatabaseActor.Command> writer(String database) {
        return sharding.entityRefFor(KEY, database);
    }

    private void tellDatacenter(String datacenter, String database, DatabaseActor.FromPeer message) {
        writerIn(datacenter, database).tell(message);
    }

    private EntityRef<DatabaseActor.Command> writerIn(String datacenter, String database) {
        proxies.computeIfAbsent(datacenter, name -> {
            sharding.init(Entity.of(KEY, entity -> Behaviors.<DatabaseActor.Command>empty())
                    .withDataCenter(name)
                    .withMessageExtractor(new Extractor<>()));
            return true;
        });
        return sharding.entityRefFor(KEY, database, datacenter);
    }

    private FollowerActor.WriterLink writerLink(String database) {
        return FollowerActor.WriterLink.of(writer(database)::tell);
    }

    /** Which databases there are. */
    public Catalog catalog() {
        return catalog;
    }

    /** Opens a stream of a database. */
    public SqlStream stream(String database, StreamOptions options) {
        var isNearest = home.settings().reads() == Reads.NEAREST;
        return stream(database, options, isNearest ? Optional.of(home.copies()) : Optional.empty());
    }

    /** The catalog is read at its writer: what one node enters the next is asked for at once. */
    private SqlStream stream(String database, StreamOptions options, Optional<LocalCopies> copies) {
        var id = new StreamId(streamNode, streamCount.incrementAndGet());
        return new ClusterStream(system, database, id, options, writer(database), copies, patience);
    }

    /** How many copies on this node have been opened, and have not come yet to where their writers were then. */
    public long catchingUpCount() {
        return home.copies().catchingUpCount();
    }

    /** How a database is, at the writer of this datacenter. */
    public CompletionStage<DatabaseStatus> status(String database) {
        return writer(database)
                .<InspectReply>ask(DatabaseActor.Inspect::new, patience)
                .thenApplyAsync(
                        reply -> switch (reply) {
                            case DatabaseStatus status -> status;
                            case SqlReply.Refused refused -> throw refused.toException(database);
                        },
                        system.executionContext());
    }

    /**
     * A copy of a database's file as it is now, to be fetched piece by piece. It is gone when nothing is asked of it for a
     * while, or when it is told that nobody wants more.
     */
    public CompletionStage<ActorRef<SnapshotSource.Command>> snapshot(String database) {
        return writer(database)
                .<SnapshotReply>ask(replyTo -> new DatabaseActor.WantSnapshot(NO_FOLLOWER, replyTo), patience)
                .thenApplyAsync(
                        reply -> switch (reply) {
                            case DatabaseActor.SnapshotOffer offer -> offer.source();
                            case SqlReply.Refused refused -> throw refused.toException(database);
                        },
                        system.executionContext());
    }

    /** Makes a database; false if there is one already. */
    public CompletionStage<Boolean> create(String database) {
        return catalog.create(database);
    }

    /** Drops a database everywhere; false if there is none. */
    public CompletionStage<Boolean> drop(String database) {
        return catalog.drop(database).thenApply(dropped -> {
            dropped.map(DatabaseActor.Drop::new).ifPresent(drop -> {
                writer(database).tell(drop);
                otherDatacenters().forEach(name -> writerIn(name, database).tell(drop));
            });
            return dropped.isPresent();
        });
    }

    private Set<String> otherDatacenters() {
        Set<String> names = new HashSet<>();
        Cluster.get(system).state().getMembers().forEach(member -> names.add(member.dataCenter()));
        names.remove(home.datacenter());
        return names;
    }

    /** Brings a row of the conflict ledger back, or gives it up. */
    public CompletionStage<Optional<SqlError>> settleConflict(
            String database, String id, boolean restores, boolean replaces) {
        return writer(database)
                .<DatabaseActor.ConflictSettled>ask(
                        replyTo -> new DatabaseActor.SettleConflict(id, restores, replaces, replyTo), patience)
                .thenApplyAsync(DatabaseActor.ConflictSettled::error, system.executionContext());
    }

    /** Tells a listener the result of a query, now and whenever it changes, until what is given back is closed. */
    public AutoCloseable watchQuery(String database, String sql, Function<Watch, CompletionStage<?>> listener) {
        return watch(database, listener, watcher -> new DatabaseActor.WatchQuery(sql, watcher));
    }

    /** Tells a listener of the transactions that {@code after} does not have, until what is given back is closed. */
    public AutoCloseable watchChanges(
            String database, VersionVector after, Function<Watch, CompletionStage<?>> listener) {
        return watch(database, listener, watcher -> new DatabaseActor.WatchChanges(after, watcher));
    }

    /**
     * Links a replica outside the cluster with a database.
     *
     * @param replica its name
     * @param mayWrite whether its writes are taken
     * @param listener called by one thread at a time; must not block
     */
    public ReplicaConnection connectReplica(
            String database, String replica, boolean mayWrite, Consumer<ReplicaLink> listener) {
        var connection = new ReplicaConnection(replica);
        var link = system.systemActorOf(
                LinkActor.create(
                        patience,
                        self -> {
                            connection.linkedBy(self);
                            writer(database).tell(new DatabaseActor.ConnectReplica(replica, mayWrite, self));
                        },
                        connection.hearing(listener)),
                "link-" + streamCount.incrementAndGet(),
                Props.empty());
        connection.linkedBy(link);
        return connection;
    }

    private AutoCloseable watch(
            String database,
            Function<Watch, CompletionStage<?>> listener,
            Function<ActorRef<Watch>, DatabaseActor.Command> beginning) {
        var writer = writer(database);
        var watcher = system.systemActorOf(
                WatcherActor.create(listener, (count, self) -> writer.tell(new DatabaseActor.WatchTaken(count, self))),
                "watcher-" + streamCount.incrementAndGet(),
                Props.empty());
        writer.tell(beginning.apply(watcher));
        return () -> watcher.tell(new Watch.Ended(new SqlError("CANCELLED", "nobody listens any more")));
    }
}
