package io.merklite.cluster.replica;

import io.merklite.cluster.sql.RequestKey;
import io.merklite.cluster.sql.SqlCodec;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.SyncException.UnknownVersion;
import io.merklite.sync.message.Chunk;
import io.merklite.sync.message.SyncMessageCodec;
import io.merklite.sync.transaction.TransactionCodec;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/**
 * {@link ReplicaMessage}s to bytes and back.
 *
 * <p>The manifest says which message and which version of it. The first byte says how it comes:
 *
 * <ul>
 *   <li>00: whole. The fields follow in the order of the record: text and bytes with their length before them, numbers as
 *       varints, roots and fingerprints fixed and big-endian, booleans 00 or 01, actors as Pekko writes them.
 *   <li>01: as a {@link Parcel}, since it is larger than a frame of the link would take, which Pekko drops: varint size of
 *       the whole, and the actor that has it. It is given up when the receiver asks for nothing more for a while.
 * </ul>
 *
 * <p>What speaks of a generation of a database's name after the first has it at the end, and version 2: all else is read by nodes
 * that do not know of generations.
 *
 * <p>What a later version sends is refused with an error that says so: upgrade the receivers first. A message that is too
 * large even for a parcel, or comes when too many parcels wait, fails, and Pekko logs that.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class ReplicaSerializer extends SerializerWithStringManifest {
    static final int IDENTIFIER = 4102;

    private static final String WHAT = "message between nodes";
    private static final int MAX_MESSAGE_BYTES = 64 << 20;
    /** What waits here to be fetched by others. */
    private static final long MAX_PARCELS_BYTES = 4L * MAX_MESSAGE_BYTES;

    private static final String FRAME_SIZE = "pekko.remote.artery.advanced.maximum-frame-size";
    /** What Pekko and sharding put around a message. */
    private static final int ENVELOPE_BYTES = 64 << 10;

    private static final int WHOLE = 0;
    private static final int PARCEL = 1;
    private static final int MAX_TEXT_BYTES = 64 << 10;
    private static final int MAX_ORIGINS = 65_536;
    private static final int MAX_COPIES = 10_000;
    private static final int MIN_COPY_BYTES = 2;

    private static final String FROM_PEER = "from-peer/1";
    private static final String FROM_PEER_AGAIN = "from-peer/2";
    private static final String DELIVER = "deliver/1";
    private static final String DELIVER_AGAIN = "deliver/2";
    private static final String HAND_OVER = "hand-over/1";
    private static final String RUN_SQL = "run-sql/2";
    private static final String ANSWERED = "answered/1";
    private static final String REFUSED = "refused/1";
    private static final String FETCH_SQL = "fetch-sql/1";
    private static final String FETCHED = "fetched/1";
    private static final String NO_CURSOR = "no-cursor/1";
    private static final String CLOSE_CURSOR = "close-cursor/1";
    private static final String CLOSE_STREAM = "close-stream/1";
    private static final String WANT_SNAPSHOT = "want-snapshot/1";
    private static final String SNAPSHOT_OFFER = "snapshot-offer/1";
    private static final String SNAPSHOT_WANT = "snapshot-want/1";
    private static final String SNAPSHOT_DONE = "snapshot-done/1";
    private static final String SNAPSHOT_PIECE = "snapshot-piece/1";
    private static final String WATCH_QUERY = "watch-query/1";
    private static final String WATCH_CHANGES = "watch-changes/1";
    private static final String WATCH_TAKEN = "watch-taken/1";
    private static final String WATCH_RESULT = "watch-result/1";
    private static final String WATCH_CHANGED = "watch-changed/1";
    private static final String WATCH_GAP = "watch-gap/1";
    private static final String WATCH_ENDED = "watch-ended/1";
    private static final String SETTLE_CONFLICT = "settle-conflict/1";
    private static final String CONFLICT_SETTLED = "conflict-settled/1";
    private static final String CONNECT_REPLICA = "connect-replica/1";
    private static final String FROM_REPLICA = "from-replica/1";
    private static final String LINK_CONNECTED = "link-connected/1";
    private static final String LINK_SAID = "link-said/1";
    private static final String LINK_TAKEN = "link-taken/1";
    private static final String LINK_ENDED = "link-ended/1";
    private static final String DROP = "drop/1";
    private static final String DROP_AGAIN = "drop/2";
    private static final String FORGET = "forget/1";
    private static final String FORGET_AGAIN = "forget/2";
    private static final String INSPECT = "inspect/1";
    private static final String STATUS = "status/1";
    private static final String STATUS_AGAIN = "status/2";

    private final ActorSystem<?> system;
    private final ActorRefResolver resolver;
    private final long maxWholeBytes;
    private final AtomicLong parcelsBytes = new AtomicLong();
    private final AtomicLong parcelCount = new AtomicLong();
    private final TransactionCodec transactions = new TransactionCodec(MAX_MESSAGE_BYTES);
    private final SyncMessageCodec messages = new SyncMessageCodec(MAX_MESSAGE_BYTES);

    /** Called by Pekko. */
    public ReplicaSerializer(ExtendedActorSystem system) {
        this.system = Adapter.toTyped(system);
        this.resolver = ActorRefResolver.get(this.system);
        this.maxWholeBytes = system.settings().config().getBytes(FRAME_SIZE) - ENVELOPE_BYTES;
    }

    @Override
    public int identifier() {
        return IDENTIFIER;
    }

    @Override
    public String manifest(Object message) {
        return switch ((ReplicaMessage) message) {
            case DatabaseActor.FromPeer from -> isFirst(from.generation()) ? FROM_PEER : FROM_PEER_AGAIN;
            case Replicas.Deliver deliver -> isFirst(deliver.generation()) ? DELIVER : DELIVER_AGAIN;
            case Replicas.HandOver handOver -> HAND_OVER;
            case DatabaseActor.RunSql run -> RUN_SQL;
            case SqlReply.Answered answered -> ANSWERED;
            case SqlReply.Refused refused -> REFUSED;
            case DatabaseActor.FetchSql fetch -> FETCH_SQL;
            case SqlReply.Fetched fetched -> FETCHED;
            case SqlReply.NoCursor none -> NO_CURSOR;
            case DatabaseActor.CloseCursor close -> CLOSE_CURSOR;
            case DatabaseActor.CloseStream close -> CLOSE_STREAM;
            case DatabaseActor.WantSnapshot want -> WANT_SNAPSHOT;
            case DatabaseActor.SnapshotOffer offer -> SNAPSHOT_OFFER;
            case SnapshotSource.Want want -> SNAPSHOT_WANT;
            case SnapshotSource.Done done -> SNAPSHOT_DONE;
            case SnapshotSource.Piece piece -> SNAPSHOT_PIECE;
            case DatabaseActor.WatchQuery watch -> WATCH_QUERY;
            case DatabaseActor.WatchChanges watch -> WATCH_CHANGES;
            case DatabaseActor.WatchTaken taken -> WATCH_TAKEN;
            case Watch.Result result -> WATCH_RESULT;
            case Watch.Changed changed -> WATCH_CHANGED;
            case Watch.Gap gap -> WATCH_GAP;
            case Watch.Ended ended -> WATCH_ENDED;
            case DatabaseActor.SettleConflict settle -> SETTLE_CONFLICT;
            case DatabaseActor.ConflictSettled settled -> CONFLICT_SETTLED;
            case DatabaseActor.ConnectReplica connect -> CONNECT_REPLICA;
            case DatabaseActor.FromReplica from -> FROM_REPLICA;
            case ReplicaLink.Connected connected -> LINK_CONNECTED;
            case ReplicaLink.Said said -> LINK_SAID;
            case ReplicaLink.Taken taken -> LINK_TAKEN;
            case ReplicaLink.Ended ended -> LINK_ENDED;
            case DatabaseActor.Drop drop -> isFirst(drop.generation()) ? DROP : DROP_AGAIN;
            case Replicas.Forget forget -> isFirst(forget.generation()) ? FORGET : FORGET_AGAIN;
            case DatabaseActor.Inspect inspect -> INSPECT;
            case DatabaseStatus status -> isFirst(status.generation()) ? STATUS : STATUS_AGAIN;
        };
    }

    private static boolean isFirst(long generation) {
        return generation == Generations.FIRST;
    }

    private static void generation(WireWriter out, long generation) {
        if (!isFirst(generation)) {
            out.varint(generation);
        }
    }

    private static long again(WireReader in) {
        var start = in.position();
        var generation = in.varint();
        if (generation <= Generations.FIRST) {
            throw new Malformed(WHAT, start, "generation " + generation + " in a message about a later one");
        }
        return generation;
    }

    @Override
    public byte[] toBinary(Object message) {
        var whole = whole((ReplicaMessage) message);
        return whole.length <= maxWholeBytes ? whole : parcel(whole);
    }

    private byte[] parcel(byte[] whole) {
        if (whole.length > MAX_MESSAGE_BYTES) {
            throw new TooLarge(WHAT, whole.length, MAX_MESSAGE_BYTES);
        }
        var waiting = parcelsBytes.addAndGet(whole.length);
        if (waiting > MAX_PARCELS_BYTES) {
            parcelsBytes.addAndGet(-whole.length);
            throw new TooLarge("messages that wait for their receivers", waiting, MAX_PARCELS_BYTES);
        }
        var source = system.systemActorOf(
                ParcelSource.create(whole, () -> parcelsBytes.addAndGet(-whole.length)),
                "parcel-" + parcelCount.incrementAndGet(),
                Props.empty());
        var out = new WireWriter().uint8(PARCEL).varint(whole.length);
        actor(out, source);
        return out.toByteArray();
    }

    private byte[] whole(ReplicaMessage message) {
        var out = new WireWriter().uint8(WHOLE);
        switch (message) {
            case DatabaseActor.FromPeer from -> {
                out.string(from.peer()).bytes(messages.encode(from.message()));
                generation(out, from.generation());
            }
            case Replicas.Deliver deliver -> {
                out.string(deliver.database()).bytes(messages.encode(deliver.message()));
                generation(out, deliver.generation());
            }
            case Replicas.HandOver handOver -> {
                out.string(handOver.database());
                actor(out, handOver.writer());
            }
            case DatabaseActor.RunSql run -> {
                stream(out, run.stream());
                SqlCodec.writeOptions(out, run.options());
                SqlCodec.writeRequests(out, run.requests());
                out.uint8(run.isLast() ? 1 : 0).uint8(run.continues() ? 1 : 0);
                out.uint8(run.key().isPresent() ? 1 : 0);
                run.key().ifPresent(key -> out.string(key.text()).string(key.digest()));
                actor(out, run.replyTo());
            }
            case SqlReply.Answered answered -> {
                SqlCodec.writeResponses(out, answered.responses());
                out.vector(answered.bookmark()).uint8(answered.isAutocommit() ? 1 : 0);
            }
            case SqlReply.Refused refused ->
                out.string(refused.refusal().name()).string(refused.what());
            case DatabaseActor.FetchSql fetch -> {
                stream(out, fetch.stream());
                SqlCodec.writeOptions(out, fetch.options());
                SqlCodec.writeRequests(
                        out,
                        fetch.batch().<SqlRequest>map(batch -> batch).stream().toList());
                out.varint(fetch.maxEntryCount()).varint(fetch.maxSizeBytes());
                actor(out, fetch.replyTo());
            }
            case SqlReply.Fetched fetched -> SqlCodec.writePage(out, fetched.page());
            case SqlReply.NoCursor none -> {}
            case DatabaseActor.CloseCursor close -> stream(out, close.stream());
            case DatabaseActor.CloseStream close -> stream(out, close.stream());
            case DatabaseActor.WantSnapshot want -> {
                out.string(want.node());
                actor(out, want.replyTo());
            }
            case DatabaseActor.SnapshotOffer offer -> actor(out, offer.source());
            case SnapshotSource.Want want -> {
                out.varint(want.offset());
                actor(out, want.replyTo());
            }
            case SnapshotSource.Done done -> {}
            case SnapshotSource.Piece piece -> {
                var bytes = new byte[piece.bytes().sizeBytes()];
                piece.bytes().view().get(bytes);
                out.varint(piece.offset()).varint(piece.totalSizeBytes()).bytes(bytes);
            }
            case DatabaseActor.WatchQuery watch -> {
                out.string(watch.sql());
                actor(out, watch.watcher());
            }
            case DatabaseActor.WatchChanges watch -> {
                out.vector(watch.after());
                actor(out, watch.watcher());
            }
            case DatabaseActor.WatchTaken taken -> {
                out.varint(taken.count());
                actor(out, taken.watcher());
            }
            case Watch.Result result ->
                SqlCodec.writeResponses(
                        out, List.of(new SqlResponse.BatchDone(List.of(new StepOutcome.Done(result.result())))));
            case Watch.Changed changed ->
                out.bytes(transactions.encode(changed.transaction())).vector(changed.bookmark());
            case Watch.Gap gap -> out.vector(gap.bookmark());
            case Watch.Ended ended -> error(out, ended.error());
            case DatabaseActor.SettleConflict settle -> {
                out.string(settle.id()).uint8(settle.restores() ? 1 : 0).uint8(settle.replaces() ? 1 : 0);
                actor(out, settle.replyTo());
            }
            case DatabaseActor.ConflictSettled settled -> {
                out.uint8(settled.error().isPresent() ? 1 : 0);
                settled.error().ifPresent(error -> error(out, error));
            }
            case DatabaseActor.ConnectReplica connect -> {
                out.string(connect.replica()).uint8(connect.mayWrite() ? 1 : 0);
                actor(out, connect.link());
            }
            case DatabaseActor.FromReplica from -> {
                out.string(from.replica()).bytes(messages.encode(from.message()));
                actor(out, from.link());
            }
            case ReplicaLink.Connected connected -> actor(out, connected.writer());
            case ReplicaLink.Said said -> out.bytes(messages.encode(said.message()));
            case ReplicaLink.Taken taken -> {}
            case ReplicaLink.Ended ended -> error(out, ended.error());
            case DatabaseActor.Drop drop -> generation(out, drop.generation());
            case Replicas.Forget forget -> {
                out.string(forget.database());
                generation(out, forget.generation());
            }
            case DatabaseActor.Inspect inspect -> actor(out, inspect.replyTo());
            case DatabaseStatus status -> status(out, status);
        }
        return out.toByteArray();
    }

    private static void stream(WireWriter out, StreamId stream) {
        out.int64(stream.node()).varint(stream.number());
    }

    private void actor(WireWriter out, ActorRef<?> actor) {
        out.string(resolver.toSerializationFormat(actor));
    }

    private static void status(WireWriter out, DatabaseStatus status) {
        out.string(status.database())
                .string(status.node())
                .string(status.datacenter())
                .vector(status.vector())
                .int64(status.root())
                .int64(status.schema())
                .varint(status.sizeBytes())
                .varint(status.waitingCount())
                .varint(status.copies().size());
        for (var copy : status.copies()) {
            out.string(copy.peer()).vector(copy.vector());
        }
        generation(out, status.generation());
    }

    @Override
    public Object fromBinary(byte[] bytes, String manifest) {
        var in = new WireReader(WHAT, bytes, 0, bytes.length);
        var message = switch (in.uint8()) {
            case WHOLE -> read(in, manifest);
            case PARCEL -> new Parcel(manifest, number(in, MAX_MESSAGE_BYTES), actor(in));
            default -> throw new Malformed(WHAT, 0, "neither a whole message nor a parcel");
        };
        in.expectEnd();
        return message;
    }

    private ReplicaMessage read(WireReader in, String manifest) {
        return switch (manifest) {
            case FROM_PEER -> new DatabaseActor.FromPeer(text(in), messages.decode(in.bytes(MAX_MESSAGE_BYTES)));
            case FROM_PEER_AGAIN -> {
                var peer = text(in);
                var said = messages.decode(in.bytes(MAX_MESSAGE_BYTES));
                yield new DatabaseActor.FromPeer(peer, again(in), said);
            }
            case DELIVER -> new Replicas.Deliver(text(in), messages.decode(in.bytes(MAX_MESSAGE_BYTES)));
            case DELIVER_AGAIN -> {
                var database = text(in);
                var said = messages.decode(in.bytes(MAX_MESSAGE_BYTES));
                yield new Replicas.Deliver(database, again(in), said);
            }
            case HAND_OVER -> new Replicas.HandOver(text(in), actor(in));
            case RUN_SQL ->
                new DatabaseActor.RunSql(
                        stream(in),
                        SqlCodec.readOptions(in),
                        SqlCodec.readRequests(in),
                        bool(in),
                        bool(in),
                        !bool(in) ? Optional.empty() : Optional.of(new RequestKey(text(in), text(in))),
                        actor(in));
            case ANSWERED -> new SqlReply.Answered(SqlCodec.readResponses(in), in.vector(MAX_ORIGINS), bool(in));
            case REFUSED -> new SqlReply.Refused(refusal(in), text(in));
            case FETCH_SQL -> fetch(in);
            case FETCHED -> new SqlReply.Fetched(SqlCodec.readPage(in));
            case NO_CURSOR -> new SqlReply.NoCursor();
            case CLOSE_CURSOR -> new DatabaseActor.CloseCursor(stream(in));
            case CLOSE_STREAM -> new DatabaseActor.CloseStream(stream(in));
            case WANT_SNAPSHOT -> new DatabaseActor.WantSnapshot(text(in), actor(in));
            case SNAPSHOT_OFFER -> new DatabaseActor.SnapshotOffer(actor(in));
            case SNAPSHOT_WANT -> new SnapshotSource.Want(in.varint(), actor(in));
            case SNAPSHOT_DONE -> SnapshotSource.Done.DONE;
            case SNAPSHOT_PIECE -> piece(in);
            case WATCH_QUERY -> new DatabaseActor.WatchQuery(in.string(MAX_MESSAGE_BYTES), actor(in));
            case WATCH_CHANGES -> new DatabaseActor.WatchChanges(in.vector(MAX_ORIGINS), actor(in));
            case WATCH_TAKEN -> new DatabaseActor.WatchTaken(in.varint(), actor(in));
            case WATCH_RESULT -> new Watch.Result(result(SqlCodec.readResponses(in)));
            case WATCH_CHANGED ->
                new Watch.Changed(transactions.decode(in.bytes(MAX_MESSAGE_BYTES)), in.vector(MAX_ORIGINS));
            case WATCH_GAP -> new Watch.Gap(in.vector(MAX_ORIGINS));
            case WATCH_ENDED -> new Watch.Ended(error(in));
            case SETTLE_CONFLICT -> new DatabaseActor.SettleConflict(text(in), bool(in), bool(in), actor(in));
            case CONFLICT_SETTLED ->
                new DatabaseActor.ConflictSettled(!bool(in) ? Optional.empty() : Optional.of(error(in)));
            case CONNECT_REPLICA -> new DatabaseActor.ConnectReplica(text(in), bool(in), actor(in));
            case FROM_REPLICA ->
                new DatabaseActor.FromReplica(text(in), messages.decode(in.bytes(MAX_MESSAGE_BYTES)), actor(in));
            case LINK_CONNECTED -> new ReplicaLink.Connected(actor(in));
            case LINK_SAID -> new ReplicaLink.Said(messages.decode(in.bytes(MAX_MESSAGE_BYTES)));
            case LINK_TAKEN -> ReplicaLink.Taken.TAKEN;
            case LINK_ENDED -> new ReplicaLink.Ended(error(in));
            case DROP -> new DatabaseActor.Drop(Generations.FIRST);
            case DROP_AGAIN -> new DatabaseActor.Drop(again(in));
            case FORGET -> new Replicas.Forget(text(in), Generations.FIRST);
            case FORGET_AGAIN -> new Replicas.Forget(text(in), again(in));
            case INSPECT -> new DatabaseActor.Inspect(actor(in));
            case STATUS -> status(in, false);
            case STATUS_AGAIN -> status(in, true);
            default -> throw new UnknownVersion(WHAT + " '" + manifest + "'", 0, 1);
        };
    }

    private DatabaseActor.FetchSql fetch(WireReader in) {
        var stream = stream(in);
        var options = SqlCodec.readOptions(in);
        var start = in.position();
        Optional<SqlRequest.Batch> batch = switch (SqlCodec.readRequests(in)) {
            case List<SqlRequest> none when none.isEmpty() -> Optional.empty();
            case List<SqlRequest> one
            when one.size() == 1 && one.getFirst() instanceof SqlRequest.Batch first -> Optional.of(first);
            case List<SqlRequest> others -> throw new Malformed(WHAT, start, "a cursor of something else than a batch");
        };
        return new DatabaseActor.FetchSql(
                stream, options, batch, number(in, Integer.MAX_VALUE), number(in, Integer.MAX_VALUE), actor(in));
    }

    private static int number(WireReader in, int limit) {
        var number = in.varint();
        if (number > limit) {
            throw new TooLarge(WHAT, number, limit);
        }
        return (int) number;
    }

    private static boolean bool(WireReader in) {
        var start = in.position();
        return switch (in.uint8()) {
            case 0 -> false;
            case 1 -> true;
            default -> throw new Malformed(WHAT, start, "a boolean that is neither 0 nor 1");
        };
    }

    private static SqlReply.Refusal refusal(WireReader in) {
        var start = in.position();
        var name = text(in);
        return Arrays.stream(SqlReply.Refusal.values())
                .filter(refusal -> refusal.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new Malformed(WHAT, start, "a refusal that is not known here"));
    }

    private static void error(WireWriter out, SqlError error) {
        out.string(error.code()).string(error.message());
    }

    private static SqlError error(WireReader in) {
        return new SqlError(text(in), text(in));
    }

    private static StatementResult result(List<SqlResponse> responses) {
        if (responses.size() == 1
                && responses.getFirst() instanceof SqlResponse.BatchDone done
                && done.outcomes().size() == 1
                && done.outcomes().getFirst() instanceof StepOutcome.Done step) {
            return step.result();
        }
        throw new Malformed(WHAT, 0, "a watched query has one result");
    }

    private static String text(WireReader in) {
        return in.string(MAX_TEXT_BYTES);
    }

    private static StreamId stream(WireReader in) {
        return new StreamId(in.int64(), in.varint());
    }

    private <T> ActorRef<T> actor(WireReader in) {
        var start = in.position();
        var path = text(in);
        try {
            return resolver.resolveActorRef(path);
        } catch (NumberFormatException e) { // of what stands where the number of an actor should be
            var malformed = new Malformed(WHAT, start, "no path of an actor: " + e.getMessage());
            malformed.addSuppressed(e);
            throw malformed;
        }
    }

    private static SnapshotSource.Piece piece(WireReader in) {
        var offset = in.varint();
        var total = in.varint();
        var bytes = in.bytes(MAX_MESSAGE_BYTES);
        return new SnapshotSource.Piece(offset, total, Chunk.copyOf(bytes, 0, bytes.length));
    }

    private static DatabaseStatus status(WireReader in, boolean isAgain) {
        var database = text(in);
        var node = text(in);
        var datacenter = text(in);
        var vector = in.vector(MAX_ORIGINS);
        var root = in.int64();
        var schema = in.int64();
        var size = in.varint();
        var waiting = number(in, Integer.MAX_VALUE);
        List<DatabaseStatus.Copy> copies = new ArrayList<>();
        var count = in.count(MIN_COPY_BYTES, MAX_COPIES);
        for (var i = 0; i < count; i++) {
            copies.add(new DatabaseStatus.Copy(text(in), in.vector(MAX_ORIGINS)));
        }
        var generation = isAgain ? again(in) : Generations.FIRST;
        return new DatabaseStatus(database, node, datacenter, vector, root, schema, size, waiting, generation, copies);
    }
}
