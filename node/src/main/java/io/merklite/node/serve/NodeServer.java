package io.merklite.node.serve;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import io.merklite.cluster.MerkliteNode;
import io.merklite.node.config.Configuration;
import io.merklite.node.health.Health;
import io.merklite.node.health.MetricsPage;
import io.merklite.node.health.NodeMetrics;
import io.merklite.node.health.ProbeEndpoints;
import io.merklite.node.hrana.HranaEndpoints;
import io.merklite.node.http.Access;
import io.merklite.node.http.Endpoints;
import io.merklite.node.http.HttpServer;
import io.merklite.node.rest.RestApi;
import io.merklite.node.security.ForeignPages;
import io.merklite.node.security.ServerTls;
import io.merklite.node.security.TlsSettings;
import io.merklite.node.security.TokenAccess;
import io.merklite.node.sync.SyncEndpoint;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.http.javadsl.ConnectionContext;

/**
 * A node with its doors open.
 *
 * <p>It stops at SIGTERM, through Pekko's coordinated shutdown: the port is unbound and requests that run are answered,
 * then the node leaves its cluster and hands its writers over, then files are closed.
 *
 * <p><b>Threading.</b> Thread-safe; {@link #start} reads files and blocks while the actor system starts, the rest does not
 * block.
 */
public final class NodeServer {
    private static final String JOURNAL_PATH = "merklite.journal.path";
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final MerkliteNode node;
    private final HttpServer http;
    private final boolean isSecured;

    private NodeServer(MerkliteNode node, HttpServer http, boolean isSecured) {
        this.node = node;
        this.http = http;
        this.isSecured = isSecured;
    }

    /**
     * Starts a node. The stage is done when it is a member of its cluster and its port is bound, and fails if the port can't
     * be.
     *
     * @param configuration checked by {@link ServeSettings#CHECKS}
     * @param version of the program
     */
    public static CompletionStage<NodeServer> start(Configuration configuration, String version) {
        var settings = ServeSettings.from(configuration.merklite());
        var clock = InstantSource.system();
        var tls = settings.tls().map(ServerTls::open);
        var access = TokenAccess.of(settings.security(), clock);
        var node = MerkliteNode.start(pekko(configuration, settings), clock, new SecureRandom());
        join(node, settings);
        settings.tls().ifPresent(tlsSettings -> tls.ifPresent(open -> reload(node.system(), tlsSettings, open)));
        return bind(node, settings, tls, access, version).whenComplete((server, failure) -> {
            if (failure != null) {
                node.terminate();
            }
        });
    }

    /** The node behind the doors. */
    public MerkliteNode node() {
        return node;
    }

    /** Where clients reach it, with a slash at the end. */
    public String url() {
        var address = http.address();
        var host = address.getAddress().isAnyLocalAddress()
                ? "localhost"
                : address.getAddress().getHostAddress();
        return (isSecured ? "https://" : "http://") + (host.contains(":") ? "[" + host + "]" : host) + ":"
                + address.getPort() + "/";
    }

    /** Done when the node has stopped; whether it was told to, or else lost its cluster. */
    public CompletionStage<Boolean> terminated() {
        return node.terminated()
                .thenApply(done -> CoordinatedShutdown.get(node.system())
                        .getShutdownReason()
                        .map(reason -> !(reason instanceof CoordinatedShutdown.ClusterDowningReason$))
                        .orElse(true));
    }

    /** Stops it, as SIGTERM does. */
    public CompletionStage<Done> stop() {
        return node.terminate();
    }

    private static CompletionStage<NodeServer> bind(
            MerkliteNode node, ServeSettings settings, Optional<ServerTls> tls, Access access, String version) {
        var clock = InstantSource.system();
        var health = health(node);
        var own = NodeMetrics.of(node.system(), health, version);
        var metrics = MetricsPage.withJvm(PrometheusRegistry.defaultRegistry, own);
        var sync = SyncEndpoint.create(node, access, settings.sync(), clock);
        List<Endpoints> endpoints = new ArrayList<>();
        if (!settings.security().needsTokens() && !settings.security().allowAnonymous()) {
            endpoints.add(new ForeignPages(settings.http(), settings.hrana()));
        }
        endpoints.addAll(List.of(
                new ProbeEndpoints(health, metrics),
                RestApi.create(node, access, settings.http(), settings.rest(), health, clock, version),
                sync,
                HranaEndpoints.create(
                        node.system(),
                        node,
                        access,
                        settings.http(),
                        settings.hrana(),
                        clock,
                        new SecureRandom(),
                        own)));
        var secured = tls.map(open -> ConnectionContext.httpsServer(open::engine));
        return HttpServer.bind(node.system(), settings.http(), secured, endpoints)
                .thenApply(http -> {
                    CoordinatedShutdown.get(node.system())
                            .addTask(CoordinatedShutdown.PhaseBeforeServiceUnbind(), "sync", () -> {
                                sync.goAway();
                                return CompletableFuture.completedFuture(Done.getInstance());
                            });
                    CoordinatedShutdown.get(node.system())
                            .addTask(CoordinatedShutdown.PhaseServiceUnbind(), "http", () -> http.stop(GRACE));
                    return new NodeServer(node, http, tls.isPresent());
                });
    }

    private static Health health(MerkliteNode node) {
        var system = node.system();
        return new Health()
                .live(
                        "actors",
                        () -> system.getWhenTerminated().toCompletableFuture().isDone()
                                ? Optional.of("the node has stopped")
                                : Optional.empty())
                .ready("cluster", () -> {
                    var status = Cluster.get(system).selfMember().status();
                    return status.equals(MemberStatus.up())
                            ? Optional.empty()
                            : Optional.of("this node is " + status.toString().toLowerCase(Locale.ROOT)
                                    + " in its cluster, and not up");
                })
                .ready(
                        "replicas",
                        () -> node.catalog().toCompletableFuture().isDone()
                                ? Optional.empty()
                                : Optional.of("replicas are being started"))
                .caughtUp("copies", () -> {
                    var count = node.catchingUpCount().toCompletableFuture().getNow(0L);
                    return count == 0
                            ? Optional.empty()
                            : Optional.of(count + " copies have not caught up with their writers yet");
                });
    }

    /** What differs from the defaults: what the operator gave, and what follows from it. */
    private static Config pekko(Configuration configuration, ServeSettings settings) {
        var config = configuration.given().withFallback(settings.membership().toPekko());
        if (config.hasPathOrNull(JOURNAL_PATH)) {
            return config;
        }
        var data = Path.of(configuration.merklite().getString("data-directory"));
        return config.withValue(
                JOURNAL_PATH,
                ConfigValueFactory.fromAnyRef(data.resolve("journal.sqlite").toString(), "merklite.data-directory"));
    }

    private static void join(MerkliteNode node, ServeSettings settings) {
        if (settings.membership().isAlone()) {
            var cluster = Cluster.get(node.system());
            cluster.manager().tell(Join.create(cluster.selfMember().address()));
        }
    }

    private static void reload(ActorSystem<?> system, TlsSettings settings, ServerTls tls) {
        system.scheduler()
                .scheduleAtFixedRate(
                        settings.reloadInterval(),
                        settings.reloadInterval(),
                        tls::reload,
                        system.dispatchers().lookup(DispatcherSelector.blocking()));
    }
}
