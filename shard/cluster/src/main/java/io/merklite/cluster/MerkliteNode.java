package io.merklite.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.merklite.cluster.catalog.Catalog;
import io.merklite.cluster.journal.JournalPresence;
import io.merklite.cluster.journal.JournalSettings;
import io.merklite.cluster.journal.JournalSetup;
import io.merklite.cluster.placement.NodeId;
import io.merklite.cluster.replica.DatabaseStatus;
import io.merklite.cluster.replica.LogLink;
import io.merklite.cluster.replica.ReplicaGuardian;
import io.merklite.cluster.replica.ReplicaHome;
import io.merklite.cluster.replica.SnapshotSource;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.sync.replicate.Event;
import io.merklite.sync.transaction.Transaction;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.apache.pekko.Done;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.slf4j.Logger;

/**
 * A node of a cluster, in this JVM.
 *
 * <pre>{@code
 * try (var node = MerkliteNode.start(ConfigFactory.parseString("merklite.data-directory = data"))) {
 *     var orders = node.database("orders");
 *     orders.execute("INSERT INTO item(label) VALUES (?)", SqlValue.of("seven"))
 *           .thenCompose(done -> orders.query("SELECT count(*) FROM item"));
 * }
 * }</pre>
 *
 * <p><b>Threading.</b> Thread-safe. Nothing blocks but {@link #close}.
 */
public final class MerkliteNode implements Databases, AutoCloseable {
    private static final String SYSTEM = "merklite";
    private static final String ROLES = "pekko.cluster.roles";

    private final CompletableFuture<Done> terminated = new CompletableFuture<>();
    private final ActorSystem<Started> system;
    private final CompletableFuture<ReplicaGuardian> replicas = new CompletableFuture<>();
    private final boolean isAutoCreating;

    /** What the guardian is told: nothing. */
    private enum Started {}

    private MerkliteNode(Config config, NodeSettings settings, InstantSource clock, RandomGenerator random) {
        this.isAutoCreating = settings.replicas().isAutoCreating();
        this.system = ActorSystem.create(
                guardian(settings, clock, random),
                SYSTEM,
                ActorSystemSetup.create(
                        BootstrapSetup.create(config), new JournalSetup(PrometheusRegistry.defaultRegistry, clock)));
        system.getWhenTerminated().thenAccept(terminated::complete);
    }

    /**
     * Starts a node with the system's clock and its own randomness. It joins the cluster that {@code config} names as
     * {@code pekko.cluster.seed-nodes}.
     *
     * @param config what differs from the defaults
     * @throws ClusterException.JournalMissing if there are databases and their journal is not there
     */
    public static MerkliteNode start(Config config) {
        return start(config, InstantSource.system(), new SecureRandom());
    }

    /** As {@link #start(Config)}, with another clock and randomness. */
    public static MerkliteNode start(Config config, InstantSource clock, RandomGenerator random) {
        var whole = config.withFallback(ConfigFactory.parseResources("merklite-pekko.conf"))
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
        var settings = NodeSettings.from(whole.getConfig("merklite"));
        if (settings.usesOwnJournal()) {
            JournalPresence.require(JournalSettings.from(whole.getConfig("merklite")), settings.databases());
        }
        return new MerkliteNode(withIdentity(whole, settings), settings, clock, random);
    }

    private static Config withIdentity(Config config, NodeSettings settings) {
        if (settings.nodeId().isEmpty()) {
            return config;
        }
        List<String> roles = new ArrayList<>(config.getStringList(ROLES));
        roles.add(NodeId.ROLE_PREFIX + settings.nodeId().get());
        return config.withValue(ROLES, ConfigValueFactory.fromIterable(roles));
    }

    private Behavior<Started> guardian(NodeSettings settings, InstantSource clock, RandomGenerator random) {
        return Behaviors.setup(context -> {
            var member = Cluster.get(context.getSystem()).selfMember();
            var home = ReplicaHome.of(
                    NodeId.of(member),
                    member.dataCenter(),
                    settings.databases(),
                    settings.replicas(),
                    settings.placement(),
                    clock,
                    random,
                    PrometheusRegistry.defaultRegistry,
                    (database, event) -> log(context.getSystem().log(), database, event));
            replicas.complete(ReplicaGuardian.start(context, home, new LogLink.Factory(home, settings.log())));
            return Behaviors.receive(Started.class)
                    .onSignal(PostStop.class, signal -> {
                        limitRemoting(context.getSystem().log(), settings.stopTimeout());
                        return Behaviors.same();
                    })
                    .build();
        });
    }

    /**
     * All databases are closed now, and only remoting is left. It can wait for ever for the end of a TLS stream, see <a
     * href="https://github.com/apache/pekko/issues/3247">Pekko issue 3247</a>.
     */
    private void limitRemoting(Logger log, Duration limit) {
        CompletableFuture.delayedExecutor(limit.toMillis(), TimeUnit.MILLISECONDS)
                .execute(() -> {
                    if (terminated.complete(Done.getInstance())) {
                        log.warn(
                                "remoting has not ended, databases are closed: the node counts as stopped limit={}",
                                limit);
                    }
                });
    }

    private static void log(Logger log, String database, Event event) {
        switch (event) {
            case Event.RootsDiffer differ ->
                log.error(
                        "replicas have seen the same and differ, they repair each other; report this with both files"
                                + " database={} peer={} vector={} root={} peerRoot={}",
                        database,
                        differ.peer(),
                        differ.vector(),
                        Long.toHexString(differ.root()),
                        Long.toHexString(differ.peerRoot()));
            case Event.Quarantined quarantined ->
                log.error(
                        "transaction waits, its clock is ahead: set the clocks right, or release it database={}"
                                + " transaction={} aheadMillis={}",
                        database,
                        quarantined.transaction(),
                        quarantined.aheadMillis());
            case Event.OriginForked forked ->
                log.warn(
                        "file is behind its own past, writes under a new origin database={} event={}",
                        database,
                        forked);
            case Event.SchemaDiffers differs -> log.debug("schemas differ database={} event={}", database, differs);
            case Event.Repaired repaired -> log.info("constraint settled database={} repair={}", database, repaired);
            case Event.Descended descended -> log.debug("descended database={} event={}", database, descended);
            case Event.GroupFailed failed ->
                log.warn(
                        "transactions could not be applied in one commit, each is by itself database={} count={}",
                        database,
                        failed.transactions().size(),
                        failed.why());
            case Event.Applied applied -> log.trace("applied database={} event={}", database, applied);
            case Event.RowsMerged merged -> log.trace("merged database={} event={}", database, merged);
        }
    }

    /** Which databases there are. */
    public CompletionStage<Catalog> catalog() {
        return replicas.thenApply(ReplicaGuardian::catalog);
    }

    /** The actor system that it runs in. */
    public ActorSystem<?> system() {
        return system;
    }

    /** With {@code merklite.auto-create} each that may be made is as good as there: its first request makes it. */
    @Override
    public CompletionStage<Boolean> exists(String database) {
        return catalog()
                .thenCompose(catalog -> catalog.state(database))
                .thenApply(state -> state == Catalog.State.EXISTS || (isAutoCreating && isAllowed(database)));
    }

    @Override
    public SqlStream stream(String database, StreamOptions options) {
        return replicas.join().stream(database, options);
    }

    /**
     * How many copies on this node have been opened, and have not come yet to where their writers were then: reads of these go
     * to the writers. None of those that rest is counted.
     */
    public CompletionStage<Long> catchingUpCount() {
        return replicas.thenApply(ReplicaGuardian::catchingUpCount);
    }

    /** How a database is, at the writer of this datacenter. */
    public CompletionStage<DatabaseStatus> status(String database) {
        return replicas.thenCompose(started -> started.status(database));
    }

    /**
     * A copy of the file of a database that exists, as it is now: ask for its pieces by {@link SnapshotSource.Want}, and
     * tell it when it is {@link SnapshotSource.Done}.
     */
    public CompletionStage<ActorRef<SnapshotSource.Command>> snapshot(String database) {
        return replicas.thenCompose(started -> started.snapshot(database));
    }

    /** A database, for applications in this JVM; that there is none shows when it is asked for something. */
    public ClusterDatabase database(String name) {
        return new ClusterDatabase(name, replicas.join(), StreamOptions.DEFAULTS);
    }

    /**
     * Makes a database.
     *
     * @param name matches {@link io.merklite.sync.transaction.Transaction#DATABASE_NAME}; names that begin with {@code
     *     merklite.} are the cluster's own
     * @return false if there is one already
     */
    public CompletionStage<Boolean> create(String name) {
        if (!isAllowed(name)) {
            throw new IllegalArgumentException("database name '" + name + "', must match " + Transaction.DATABASE_NAME
                    + " and not begin with '" + Catalog.RESERVED + "'");
        }
        return replicas.thenCompose(started -> started.create(name));
    }

    private static boolean isAllowed(String name) {
        return Transaction.DATABASE_NAME.matcher(name).matches() && !name.startsWith(Catalog.RESERVED);
    }

    /** Drops a database, everywhere and for good; false if there is none. */
    public CompletionStage<Boolean> drop(String name) {
        return replicas.thenCompose(started -> started.drop(name));
    }

    /**
     * Done when the node has stopped, whether it was told to or lost its cluster. Databases are closed then. The actor system
     * has terminated too, unless its remoting took longer than {@code merklite.stop-timeout}.
     */
    public CompletionStage<Done> terminated() {
        return terminated.minimalCompletionStage();
    }

    /** Leaves the cluster and stops. */
    public CompletionStage<Done> terminate() {
        system.terminate();
        return terminated();
    }

    /** As {@link #terminate}, and waits for it. */
    @Override
    public void close() {
        terminate().toCompletableFuture().join();
    }
}
