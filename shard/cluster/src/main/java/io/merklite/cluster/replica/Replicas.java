package io.merklite.cluster.replica;

import io.merklite.cluster.placement.NodeId;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.message.SyncMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.actor.typed.pubsub.Topic;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * The register of a node's replicas: who owns which file, and who the other nodes are.
 *
 * <p>Followers are its children, started when something comes for them. A writer that starts on this node {@linkplain
 * Acquire acquires} its database's file first: the follower, or the writer before, closes it before the writer opens it.
 *
 * <p><b>Invariant.</b> A file has one owner at a time, a follower or a writer: each keeps in memory what is in the file.
 *
 * <p>Publications come on {@value #BUCKETS} topics of the datacenter, one for many shards: topics are few and known from
 * the start, so there is no moment at which a new one is not heard yet. A node gets all of a topic's messages, and
 * drops those of databases that it does not keep.
 */
public final class Replicas {
    private static final int BUCKETS = 32;
    private static final int WOKEN_AT_ONCE = 10;
    private static final Duration WAKE_INTERVAL = Duration.ofMillis(500);
    /** Each that is asked may have been used, and stays once: with one for each that opens, none would ever close. */
    private static final int ASKED_TO_CLOSE = 3;

    /** What the register is told. */
    public sealed interface Command {}

    /**
     * From a writer of the datacenter, directly or by topic: for the follower of that database.
     *
     * @param generation which of the databases of the name
     */
    record Deliver(String database, long generation, SyncMessage message) implements Command, ReplicaMessage {
        /** Of a name that was never made again. */
        Deliver(String database, SyncMessage message) {
            this(database, Generations.FIRST, message);
        }
    }

    /**
     * From a writer of the datacenter that is about to stop: for the follower of that database, which reaches it directly until
     * then.
     */
    record HandOver(String database, ActorRef<DatabaseActor.Command> writer) implements Command, ReplicaMessage {}

    /** From a writer that starts on this node; answered by {@link Acquired} when nobody else has the file open. */
    record Acquire(String database, ActorRef<DatabaseActor.Command> owner, ActorRef<Acquired> replyTo)
            implements Command {}

    /**
     * The file is the writer's, until it stops.
     *
     * @param topic to publish on
     * @param hosts who is there now; changes follow as {@link DatabaseActor.HostsChanged}
     */
    record Acquired(ActorRef<Topic.Command<Command>> topic, Hosts hosts) {}

    /** From a writer: the database of this generation is dropped, its files go when nobody has them open. */
    record Forget(String database, long generation) implements Command, ReplicaMessage {}

    /** From a writer of this node that has no file: as {@link Forget}, to all nodes of the datacenter. */
    record ForgetEverywhere(String database, long generation) implements Command {}

    /** From this node's streams: a database is read here, and nobody has its file open. */
    record Wake(String database) implements Command {}

    private record FollowerStopped(String database) implements Command {}

    private record WriterStopped(String database, ActorRef<DatabaseActor.Command> owner) implements Command {}

    private record Listed(Receptionist.Listing listing) implements Command {}

    private record MembersChanged(ClusterEvent.MemberEvent event) implements Command {}

    private record DatacenterSeen(ClusterEvent.DataCenterReachabilityEvent event) implements Command {}

    private enum WakeSome implements Command {
        WAKE_SOME
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final ReplicaHome home;
    private final WriterLinks writers;
    private final LogLink.Factory logs;
    private final ServiceKey<Command> key;
    private final List<ActorRef<Topic.Command<Command>>> topics = new ArrayList<>();
    /** In the order in which they were opened, or last asked whether they are used. */
    private final SequencedMap<String, ActorRef<FollowerActor.Command>> followers = new LinkedHashMap<>();

    private final SequencedMap<String, ActorRef<DatabaseActor.Command>> owners = new LinkedHashMap<>();
    private final Map<String, Acquire> waiting = new HashMap<>();
    /** Databases that are dropped, by the last generation that is. */
    private final Map<String, Long> doomed = new HashMap<>();

    private final Deque<String> asleep = new ArrayDeque<>();
    private Set<ActorRef<Command>> registered = Set.of();
    private Hosts hosts = Hosts.NONE;
    private long followerCount;

    private Replicas(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ReplicaHome home,
            WriterLinks writers,
            LogLink.Factory logs) {
        this.context = context;
        this.timers = timers;
        this.home = home;
        this.writers = writers;
        this.logs = logs;
        this.key = ServiceKey.create(Command.class, "merklite-replicas-" + home.datacenter());
    }

    /** Gives the way to the writer of a database. */
    interface WriterLinks {
        FollowerActor.WriterLink of(String database);
    }

    /**
     * @param home what the node's replicas share
     * @param writers the way to writers
     * @param logs opens changeset logs
     */
    static Behavior<Command> create(ReplicaHome home, WriterLinks writers, LogLink.Factory logs) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            var replicas = new Replicas(context, timers, home, writers, logs);
            replicas.start();
            return replicas.running();
        }));
    }

    private void start() throws IOException {
        var self = context.getSelf();
        home.copies().wakeBy(database -> self.tell(new Wake(database)));
        for (var bucket = 0; bucket < BUCKETS; bucket++) {
            var topic = context.spawn(
                    Topic.create(Command.class, "merklite-" + home.datacenter() + "-" + bucket), "topic-" + bucket);
            topic.tell(Topic.subscribe(context.getSelf()));
            topics.add(topic);
        }
        context.getSystem().receptionist().tell(Receptionist.register(key, context.getSelf()));
        context.getSystem()
                .receptionist()
                .tell(Receptionist.subscribe(key, context.messageAdapter(Receptionist.Listing.class, Listed::new)));
        Cluster.get(context.getSystem())
                .subscriptions()
                .tell(Subscribe.create(
                        context.messageAdapter(ClusterEvent.MemberEvent.class, MembersChanged::new),
                        ClusterEvent.MemberEvent.class));
        Cluster.get(context.getSystem())
                .subscriptions()
                .tell(Subscribe.create(
                        context.messageAdapter(ClusterEvent.DataCenterReachabilityEvent.class, DatacenterSeen::new),
                        ClusterEvent.DataCenterReachabilityEvent.class));
        Files.createDirectories(home.directory());
        home.deleteLeftovers();
        try (Stream<java.nio.file.Path> files = Files.list(home.directory())) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(ReplicaHome.SUFFIX))
                    .map(name -> name.substring(0, name.length() - ReplicaHome.SUFFIX.length()))
                    .sorted()
                    .forEach(asleep::add);
        }
        timers.startTimerWithFixedDelay(WakeSome.WAKE_SOME, WAKE_INTERVAL);
    }

    private Behavior<Command> running() {
        return Behaviors.receiveMessage(command -> {
            switch (command) {
                case Deliver deliver ->
                    tellFollower(
                            deliver.database(), new FollowerActor.Deliver(deliver.generation(), deliver.message()));
                case HandOver handOver ->
                    tellFollower(handOver.database(), new FollowerActor.WriterLeaves(handOver.writer()));
                case Acquire acquire -> onAcquire(acquire);
                case Wake wake -> onWake(wake.database());
                case FollowerStopped stopped -> onFollowerStopped(stopped.database());
                case WriterStopped stopped -> onWriterStopped(stopped.database(), stopped.owner());
                case Forget forget -> onForget(forget);
                case ForgetEverywhere forget ->
                    hosts.nodes()
                            .values()
                            .forEach(node -> node.tell(new Forget(forget.database(), forget.generation())));
                case Listed listed -> {
                    registered = Set.copyOf(listed.listing().getServiceInstances(key));
                    lookAround();
                }
                case MembersChanged changed -> lookAround();
                case DatacenterSeen seen -> {
                    if (seen.event() instanceof ClusterEvent.ReachableDataCenter back) {
                        var told = new DatabaseActor.DatacenterIsBack(back.dataCenter());
                        owners.values().forEach(owner -> owner.tell(told));
                    }
                }
                case WakeSome wake -> wakeSome();
            }
            return Behaviors.same();
        });
    }

    /** What was written elsewhere while this node was down is asked for, a few databases at a time. */
    private void wakeSome() {
        // The other nodes come one by one, and perhaps long after this one.
        var isAlone = hosts.nodes().size() < 2;
        for (var count = 0; !isAlone && count < WOKEN_AT_ONCE && !asleep.isEmpty(); count++) {
            onWake(asleep.remove());
        }
        if (asleep.isEmpty()) {
            timers.cancel(WakeSome.WAKE_SOME);
        }
    }

    private void onWake(String database) {
        if (!owners.containsKey(database) && !waiting.containsKey(database) && keeps(database)) {
            follower(database);
        }
    }

    private boolean keeps(String database) {
        return home.placement()
                .hosts(home.placement().shardOf(database), hosts.nodes().keySet())
                .contains(home.node());
    }

    private void tellFollower(String database, FollowerActor.Command said) {
        if (owners.containsKey(database) || waiting.containsKey(database)) {
            return; // the writer is here; who sent this was it before
        }
        if (followers.containsKey(database) || keeps(database)) {
            follower(database).tell(said);
        }
    }

    private ActorRef<FollowerActor.Command> follower(String database) {
        var known = followers.get(database);
        if (known != null) {
            return known;
        }
        followerCount++;
        var follower = context.spawn(
                Behaviors.withMdc(
                        FollowerActor.Command.class,
                        Map.of("database", database, "replica", home.node()),
                        FollowerActor.create(home, database, writers.of(database), logs)),
                "follower-" + followerCount,
                Dispatchers.BLOCKING);
        context.watchWith(follower, new FollowerStopped(database));
        followers.put(database, follower);
        makeRoom();
        return follower;
    }

    /**
     * Asks those that were opened first whether they are used, if too many are open. One that was not used since it was asked
     * last closes, and one that was comes again when all others were asked (the clock algorithm of paging: Corbato, <i>A paging
     * experiment with the Multics system</i>, 1968).
     */
    private void makeRoom() {
        var excess = owners.size() + followers.size() - home.settings().maxOpenCount();
        for (var asked = 0; asked < Math.min(excess, ASKED_TO_CLOSE); asked++) {
            if (owners.size() > followers.size()) {
                tellFirst(owners, DatabaseActor.Idle.IDLE);
            } else {
                tellFirst(followers, FollowerActor.Idle.IDLE);
            }
        }
    }

    private static <C> void tellFirst(SequencedMap<String, ActorRef<C>> open, C command) {
        var first = open.pollFirstEntry();
        open.putLast(first.getKey(), first.getValue());
        first.getValue().tell(command);
    }

    /**
     * A shard hears of the end of a writer before this register does, so a successor may ask for the file while the writer before
     * is known here. It waits for that word: heard later, it would strike the successor off, and a follower would open the file
     * beside it.
     */
    private void onAcquire(Acquire acquire) {
        var follower = followers.get(acquire.database());
        if (follower != null) {
            follower.tell(FollowerActor.Yield.YIELD);
        }
        if (follower != null || owners.containsKey(acquire.database())) {
            waiting.put(acquire.database(), acquire);
        } else {
            grant(acquire);
        }
    }

    private void onWriterStopped(String database, ActorRef<DatabaseActor.Command> owner) {
        owners.remove(database, owner);
        home.copies().writerIsHere(database, false);
        closed(database);
        grantWaiting(database);
    }

    private void onForget(Forget forget) {
        var database = forget.database();
        doomed.merge(database, forget.generation(), Math::max);
        var follower = followers.get(database);
        if (follower != null) {
            follower.tell(FollowerActor.Yield.YIELD);
        } else if (!owners.containsKey(database)) {
            closed(database);
        }
    }

    /** Nobody has the file open: what is to happen to it happens now. Says whether it was set aside. */
    private boolean closed(String database) {
        var dropped = Optional.ofNullable(doomed.remove(database));
        var isOutdated = home.generations().takeOutdated(database);
        try {
            if (dropped.isPresent() && home.generationOf(database) <= dropped.get()) {
                home.knownIncarnation(database).ifPresent(gone -> discardLog(database, gone));
                home.delete(database);
                context.getLog().info("dropped database={}", database);
            } else if (isOutdated) {
                var incarnation = home.knownIncarnation(database);
                var aside = home.setAside(database);
                incarnation.ifPresent(gone -> discardLog(database, gone)); // the file has all of it
                context.getLog()
                        .warn(
                                "database was dropped and made again while this copy was away: its old file is set aside,"
                                        + " look whether it has writes that are missed, and delete it database={} file={}",
                                database,
                                aside);
                return true;
            }
        } catch (IOException | UncheckedIOException | StoreFailure e) {
            // This actor must go on: all databases of the node depend on it.
            context.getLog()
                    .error(
                            "file of a dropped database is there still: move it out of {} database={}",
                            home.directory(),
                            database,
                            e);
        }
        return false;
    }

    private void discardLog(String database, String incarnation) {
        context.spawnAnonymous(logs.discard(database, incarnation));
    }

    private void grant(Acquire acquire) {
        owners.put(acquire.database(), acquire.owner());
        home.copies().writerIsHere(acquire.database(), true);
        context.watchWith(acquire.owner(), new WriterStopped(acquire.database(), acquire.owner()));
        var bucket = home.placement().shardOf(acquire.database()) % BUCKETS;
        acquire.replyTo().tell(new Acquired(topics.get(bucket), hosts));
        makeRoom();
    }

    private void onFollowerStopped(String database) {
        followers.remove(database);
        var isSetAside = closed(database);
        if (!grantWaiting(database) && isSetAside) {
            onWake(database);
        }
    }

    /** Says whether somebody has waited for the file. */
    private boolean grantWaiting(String database) {
        var acquire = waiting.remove(database);
        if (acquire != null) {
            grant(acquire);
        }
        return acquire != null;
    }

    private void lookAround() {
        Map<String, ActorRef<Command>> nodes = new HashMap<>();
        Set<String> others = new HashSet<>();
        var cluster = Cluster.get(context.getSystem());
        for (var member : cluster.state().getMembers()) {
            if (member.status().equals(MemberStatus.down()) || member.status().equals(MemberStatus.removed())) {
                continue;
            }
            if (!member.dataCenter().equals(home.datacenter())) {
                others.add(member.dataCenter());
                continue;
            }
            for (var ref : registered) {
                var address = ref.path().address();
                var isHere = address.hasLocalScope()
                        && member.address().equals(cluster.selfMember().address());
                if (isHere || address.equals(member.address())) {
                    nodes.put(NodeId.of(member), ref);
                }
            }
        }
        var now = new Hosts(nodes, others);
        if (!now.equals(hosts)) {
            hosts = now;
            home.copies().nodesChanged();
            owners.values().forEach(owner -> owner.tell(new DatabaseActor.HostsChanged(now)));
        }
    }
}
