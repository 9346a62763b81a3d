package io.merklite.sync.role;

import io.merklite.query.subscribe.Report;
import io.merklite.query.subscribe.SubscriptionId;
import io.merklite.schema.SchemaException;
import io.merklite.session.SessionException;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.changeset.Changeset;
import io.merklite.sync.ErrorCode;
import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.database.Database;
import io.merklite.sync.database.LogListener.Level;
import io.merklite.sync.role.PeerMessage.Sender;
import io.merklite.sync.role.RoleMessage.Claim;
import io.merklite.sync.role.RoleMessage.Failed;
import io.merklite.sync.role.RoleMessage.Granted;
import io.merklite.sync.store.ReplicaStore;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * One of two sides that own different tables: master of its own, replica of the other's.
 *
 * <p>The client names the tables it wants by glob; the server approves, and owns the rest. A server that holds a peer for
 * each of several clients passes on, since what one of its peers applies is committed in the tables of the others.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection, which it borrows. Blocks on disk.
 */
public final class Peer implements AutoCloseable {
    private static final int MAX_ADOPTIONS = 3;

    private final Host host;
    private final ReplicaStore store;
    private final RoleOptions options;
    private final List<String> globs;
    private final Optional<Predicate<Set<String>>> approval;
    private final RoleTables all;
    private State state = State.INIT;
    private Set<String> clientTables = Set.of();
    private Optional<Sides> sides = Optional.empty();
    private Optional<Failed> failure = Optional.empty();
    private boolean isFollowed;
    private int adoptions;

    /** Where a peer stands. */
    public enum State {
        /** Nothing has been said. */
        INIT,
        /** The client has claimed its tables. */
        NEGOTIATING,
        /** Each side takes over the other's rows. */
        DIFFING,
        /** Both directions are live. */
        LIVE,
        /** The claim was rejected, or one direction failed; {@link #failure} says why. */
        ERROR
    }

    /** The two halves, once the tables are shared out. */
    private record Sides(Master master, Replica replica) {}

    private Peer(Host host, RoleOptions options, List<String> globs, Optional<Predicate<Set<String>>> approval) {
        this.host = host;
        this.store = host.store();
        this.options = options;
        this.globs = List.copyOf(globs);
        this.approval = approval;
        this.all = new RoleTables(store, RoleTables.filter(options), options.log());
    }

    /**
     * The side that begins.
     *
     * @param globs patterns of SQLite's GLOB; tables that match any of them are its own
     */
    public static Peer client(ReplicaStore store, RoleOptions options, List<String> globs) {
        return new Peer(Host.of(store), options, globs, Optional.empty());
    }

    /** The same in {@code database}, which stays the caller's and whose subscriptions hear of changes as well. */
    public static Peer client(Database database, RoleOptions options, List<String> globs) {
        return new Peer(Host.of(database), options, globs, Optional.empty());
    }

    /** The side that approves of everything. */
    public static Peer server(ReplicaStore store, RoleOptions options) {
        return server(store, options, tables -> true);
    }

    /** @param approval whether a client may own these tables, by declared name */
    public static Peer server(ReplicaStore store, RoleOptions options, Predicate<Set<String>> approval) {
        return new Peer(Host.of(store), options, List.of(), Optional.of(approval));
    }

    /** The same in {@code database}, which stays the caller's and whose subscriptions hear of changes as well. */
    public static Peer server(Database database, RoleOptions options, Predicate<Set<String>> approval) {
        return new Peer(Host.of(database), options, List.of(), Optional.of(approval));
    }

    /** Where it stands, both directions together. */
    public State state() {
        return state;
    }

    /** Why it is in {@link State#ERROR}. */
    public Optional<Failed> failure() {
        return failure;
    }

    /** The tables the client owns, once they are negotiated. */
    public Set<String> clientTables() {
        return clientTables;
    }

    /**
     * Claims the client's tables.
     *
     * @return to be sent to the server
     * @throws InvalidState on a server, when it has begun already, or when no table matches
     */
    public List<PeerMessage> start() {
        if (approval.isPresent()) {
            throw new InvalidState("start was called on a server", "Start the client");
        }
        if (state != State.INIT) {
            throw new InvalidState("the peer has started", "Reset it first");
        }
        Set<String> owned = new TreeSet<>();
        all.declaredNames().stream().filter(this::matches).forEach(owned::add);
        if (owned.isEmpty()) {
            throw new InvalidState("no table matches " + globs, "Name tables that replicate");
        }
        clientTables = Set.copyOf(owned);
        state = State.NEGOTIATING;
        return List.of(new PeerMessage(Sender.REPLICA, new Claim(RoleMessage.PROTOCOL, clientTables)));
    }

    private boolean matches(String table) {
        try (var query = store.connection().prepareStatement("SELECT ?1 GLOB ?2")) {
            for (var glob : globs) {
                query.setString(1, table);
                query.setString(2, glob);
                try (var rows = query.executeQuery()) {
                    if (rows.next() && rows.getBoolean(1)) {
                        return true;
                    }
                }
            }
            return false;
        } catch (SQLException e) {
            throw new StoreFailure("matching table names", e);
        }
    }

    /** What was committed in this side's tables; nothing before the tables are shared out. See {@link Master#flush}. */
    public List<PeerMessage> flush() {
        return sides.map(both -> from(Sender.MASTER, both.master().flush())).orElse(List.of());
    }

    /** Handles a message of the other side; throws as {@link Replica#handleMessage} does. */
    public PeerOutcome handleMessage(PeerMessage message) {
        var outcome = handleMessages(List.of(message));
        if (outcome.failure().isPresent()) {
            throw outcome.failure().get();
        }
        return outcome;
    }

    /** Handles messages in order up to the first that fails. Runs of changes reach subscriptions together. */
    public PeerOutcome handleMessages(List<PeerMessage> messages) {
        List<PeerMessage> answers = new ArrayList<>();
        List<Changeset> changes = new ArrayList<>();
        Optional<RuntimeException> failed = Optional.empty();
        var next = 0;
        try {
            while (next < messages.size() && failed.isEmpty()) {
                var run = runOfMaster(messages, next);
                if (run.isEmpty() || sides.isEmpty()) {
                    answers.addAll(handle(messages.get(next++)));
                } else {
                    var outcome = sides.get().replica().handleMessages(run);
                    answers.addAll(from(Sender.REPLICA, outcome.answers()));
                    changes.addAll(outcome.changes());
                    failed = outcome.failure();
                    next += run.size();
                    answers.addAll(greetAgain());
                }
            }
        } catch (SyncException | SchemaException | SessionException e) {
            failed = Optional.of(e);
        }
        follow();
        return new PeerOutcome(answers, changes, failed);
    }

    /** Messages of the other side's master from {@code first} on. */
    private static List<RoleMessage> runOfMaster(List<PeerMessage> messages, int first) {
        return messages.stream()
                .skip(first)
                .takeWhile(message -> message.sender() == Sender.MASTER && !(message.message() instanceof Granted))
                .map(PeerMessage::message)
                .toList();
    }

    private List<PeerMessage> handle(PeerMessage message) {
        return switch (message.message()) {
            case Claim claim -> onClaim(claim);
            case Granted granted -> onGranted();
            case Failed failed
            when sides.isEmpty() -> {
                refuse(failed);
                yield List.of();
            }
            default -> {
                if (sides.isEmpty()) {
                    var part = message.sender() == Sender.MASTER ? Sender.REPLICA : Sender.MASTER;
                    yield List.of(new PeerMessage(part, Master.invalid("the tables are not shared out yet")));
                }
                isFollowed |= message.message() instanceof RoleMessage.Acknowledged;
                yield from(Sender.MASTER, sides.get().master().handleMessage(message.message()));
            }
        };
    }

    /** A client that has lost its memory claims again, so a server takes a claim at any time. */
    private List<PeerMessage> onClaim(Claim claim) {
        if (approval.isEmpty()) {
            return List.of(new PeerMessage(Sender.MASTER, Master.invalid("a client takes no claims")));
        }
        reset();
        var refusal = refusal(claim);
        if (refusal.isPresent()) {
            refuse(refusal.get());
            return List.of(new PeerMessage(Sender.MASTER, refusal.get()));
        }
        clientTables = claim.tables();
        var client = folded(clientTables);
        var filter = RoleTables.filter(options);
        var replica = open(table -> filter.test(table) && !client.contains(table), client::contains);
        return List.of(new PeerMessage(Sender.MASTER, new Granted()), new PeerMessage(Sender.REPLICA, replica.hello()));
    }

    private Optional<Failed> refusal(Claim claim) {
        if (claim.protocol() != RoleMessage.PROTOCOL) {
            return Optional.of(failed(
                    ErrorCode.PROTOCOL_ERROR, "protocol " + claim.protocol() + ", known is " + RoleMessage.PROTOCOL));
        }
        if (claim.tables().isEmpty()) {
            return Optional.of(failed(ErrorCode.PROTOCOL_ERROR, "a claim of no tables"));
        }
        var filter = RoleTables.filter(options);
        var foreign = folded(claim.tables()).stream().filter(filter.negate()).toList();
        if (!foreign.isEmpty()) {
            return Optional.of(failed(ErrorCode.OWNERSHIP_REJECTED, "tables that do not replicate here: " + foreign));
        }
        if (!approval.orElseThrow().test(claim.tables())) {
            return Optional.of(failed(ErrorCode.OWNERSHIP_REJECTED, "the claim is not approved"));
        }
        return Optional.empty();
    }

    private static Failed failed(ErrorCode code, String text) {
        return new Failed(code, text, 0, List.of());
    }

    private static Set<String> folded(Set<String> names) {
        Set<String> folded = new HashSet<>();
        names.forEach(name -> folded.add(Identifiers.fold(name)));
        return folded;
    }

    private List<PeerMessage> onGranted() {
        if (state != State.NEGOTIATING) {
            options.log().log(Level.DEBUG, "an approval that nobody waits for is passed over");
            return List.of();
        }
        var own = folded(clientTables);
        var filter = RoleTables.filter(options);
        var replica = open(own::contains, table -> filter.test(table) && !own.contains(table));
        return List.of(new PeerMessage(Sender.REPLICA, replica.hello()));
    }

    private Replica open(Predicate<String> own, Predicate<String> other) {
        var master = Master.open(host, options.withName(options.name() + ":master"), own);
        var replica = Replica.open(host, options.withName(options.name() + ":replica"), other);
        sides = Optional.of(new Sides(master, replica));
        state = State.DIFFING;
        return replica;
    }

    private void refuse(Failed reason) {
        options.log().log(Level.WARN, "refused: " + reason.code() + " " + reason.text());
        failure = Optional.of(reason);
        state = State.ERROR;
    }

    /** A replica that has taken over the master's tables begins anew by itself, but not for ever. */
    private List<PeerMessage> greetAgain() {
        var replica = sides.orElseThrow().replica();
        if (replica.state() != Replica.State.INIT || adoptions >= MAX_ADOPTIONS) {
            return List.of();
        }
        adoptions++;
        return List.of(new PeerMessage(Sender.REPLICA, replica.hello()));
    }

    private void follow() {
        if (sides.isEmpty()) {
            return;
        }
        var replica = sides.get().replica();
        switch (replica.state()) {
            case ERROR -> {
                failure = replica.failure();
                state = State.ERROR;
            }
            case LIVE -> state = isFollowed ? State.LIVE : State.DIFFING;
            case INIT, HANDSHAKE, COMPARING, FETCHING -> state = State.DIFFING;
        }
    }

    private static List<PeerMessage> from(Sender sender, List<RoleMessage> messages) {
        return messages.stream()
                .map(message -> new PeerMessage(sender, message))
                .toList();
    }

    /** Asks the other side to compare its tables. */
    public List<PeerMessage> converge() {
        return List.of(new PeerMessage(Sender.REPLICA, replica().converge()));
    }

    /** Begins anew: both halves are dropped with their subscriptions, the globs stay. */
    public void reset() {
        sides.ifPresent(both -> {
            both.replica().close();
            both.master().close();
        });
        sides = Optional.empty();
        failure = Optional.empty();
        isFollowed = false;
        adoptions = 0;
        state = State.INIT;
    }

    private Replica replica() {
        return sides.orElseThrow(
                        () -> new InvalidState("the tables are not shared out yet", "Wait for the negotiation"))
                .replica();
    }

    /**
     * Follows the result of a query; see {@link Replica#subscribe}.
     *
     * @throws InvalidState before the tables are shared out
     */
    public SubscriptionId subscribe(String sql, Consumer<Report> subscriber) {
        return replica().subscribe(sql, subscriber);
    }

    /** Ends a subscription. Harmless if there is none of this id. */
    public void unsubscribe(SubscriptionId id) {
        sides.ifPresent(both -> both.replica().unsubscribe(id));
    }

    @Override
    public void close() {
        reset();
    }
}
