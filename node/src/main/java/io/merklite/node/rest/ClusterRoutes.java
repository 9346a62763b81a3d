package io.merklite.node.rest;

import io.merklite.cluster.placement.NodeId;
import io.merklite.cluster.placement.Placement;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.health.Health;
import io.merklite.node.http.Access.Right;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.cluster.typed.Leave;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** This node, its cluster, and where databases are in it. */
final class ClusterRoutes {
    private static final String ID = "id";

    private final RestApi.Parts parts;
    private final Health health;
    private final String version;
    private final Instant startedAt;
    private final Path data;
    private final Placement placement;

    ClusterRoutes(RestApi.Parts parts, Health health, String version) {
        this.parts = parts;
        this.health = health;
        this.version = version;
        startedAt = parts.clock().instant();
        var merklite = parts.system().settings().config().getConfig("merklite");
        data = Path.of(merklite.getString("data-directory"));
        placement = new Placement(merklite.getInt("shard-count"), merklite.getInt("replicas-per-dc"));
    }

    List<Route> routes() {
        return List.of(
                Route.of("GET", "/v1/status", Right.READ, call -> status()),
                Route.of("GET", "/v1/nodes", Right.READ, this::nodes),
                Route.of("GET", "/v1/topology", Right.READ, call -> now(topology())),
                Route.of("POST", "/v1/nodes/{id}/drain", Right.ADMIN, this::drain),
                Route.of("DELETE", "/v1/nodes/{id}", Right.ADMIN, this::remove),
                Route.of("GET", "/v1/databases/{name}/placement", Right.READ, call -> now(placement(call.database()))));
    }

    private CompletionStage<HttpResponse> status() {
        return CompletableFuture.supplyAsync(this::diskFreeBytes, parts.blocking())
                .thenApply(diskFree -> RestAnswer.json(200, status(diskFree)));
    }

    private long diskFreeBytes() {
        try {
            return Files.getFileStore(data).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException("looking at the disk of " + data, e);
        }
    }

    private JsonWriter status(long diskFreeBytes) {
        var self = cluster().selfMember();
        var now = parts.clock().instant();
        var ready = health.ready();
        var runtime = Runtime.getRuntime();
        var json = new JsonWriter(512).beginObject();
        json.name("node").value(NodeId.of(self));
        json.name("datacenter").value(self.dataCenter());
        json.name("address").value(self.address().hostPort());
        json.name("state").value(state(self));
        json.name("version").value(version);
        json.name("java").value(Runtime.version().toString());
        json.name("startedAt").value(startedAt.toString());
        json.name("uptimeMillis").value(Duration.between(startedAt, now).toMillis());
        json.name("heapUsedBytes").value(runtime.totalMemory() - runtime.freeMemory());
        json.name("heapMaxBytes").value(runtime.maxMemory());
        json.name("diskFreeBytes").value(diskFreeBytes);
        json.name("isReady").value(ready.isGood());
        json.name("problems").beginObject();
        ready.problems().forEach((name, problem) -> json.anyName(name).value(problem));
        return json.endObject().endObject();
    }

    private CompletionStage<HttpResponse> nodes(RestCall call) {
        var isWide = call.flag("wide");
        var json = new JsonWriter(1024).beginObject().name("items").beginArray();
        members().forEach(member -> write(json, member, isWide));
        return now(RestAnswer.json(200, json.endArray().name("next").nullValue().endObject()));
    }

    private HttpResponse topology() {
        Map<String, List<Member>> byDatacenter = new TreeMap<>();
        members()
                .forEach(member -> byDatacenter
                        .computeIfAbsent(member.dataCenter(), name -> new ArrayList<>())
                        .add(member));
        var json = new JsonWriter(1024).beginObject();
        json.name("self").value(NodeId.of(cluster().selfMember()));
        json.name("datacenters").beginArray();
        byDatacenter.forEach((name, members) -> {
            json.beginObject().name("name").value(name).name("nodes").beginArray();
            members.forEach(member -> write(json, member, true));
            json.endArray().endObject();
        });
        return RestAnswer.json(200, json.endArray().endObject());
    }

    private void write(JsonWriter json, Member member, boolean isWide) {
        json.beginObject().name(ID).value(NodeId.of(member));
        json.name("datacenter").value(member.dataCenter());
        json.name("address").value(member.address().hostPort());
        json.name("state").value(unreachable().contains(member) ? "unreachable" : state(member));
        if (isWide) {
            json.name("isSelf").value(member.equals(cluster().selfMember()));
            json.name("roles").beginArray();
            member.getRoles().stream().sorted().forEach(json::value);
            json.endArray();
        }
        json.endObject();
    }

    private HttpResponse placement(String database) {
        Map<String, List<String>> up = new TreeMap<>();
        members().stream()
                .filter(member -> member.status().equals(MemberStatus.up()))
                .forEach(member -> up.computeIfAbsent(member.dataCenter(), name -> new ArrayList<>())
                        .add(NodeId.of(member)));
        var shard = placement.shardOf(database);
        var json = new JsonWriter(512).beginObject();
        json.name("name").value(database);
        json.name("shard").value(shard);
        json.name("datacenters").beginArray();
        up.forEach((datacenter, nodes) -> {
            json.beginObject().name("name").value(datacenter);
            json.name("nodes").beginArray();
            placement.hosts(shard, nodes).forEach(json::value);
            json.endArray().endObject();
        });
        return RestAnswer.json(200, json.endArray().endObject());
    }

    private CompletionStage<HttpResponse> drain(RestCall call) {
        var member = member(call.path(ID));
        cluster().manager().tell(new Leave(member.address()));
        return now(accepted(member, "leaving"));
    }

    /** A node that leaves hands its writers over; one that is cast out is taken for dead, so it must be out of reach. */
    private CompletionStage<HttpResponse> remove(RestCall call) {
        var member = member(call.path(ID));
        if (!unreachable().contains(member) && !call.flag("force")) {
            throw RestCall.refused(
                    409, "NODE_REACHABLE", "the node is within reach: drain it, or say ?force if it must go at once");
        }
        cluster().manager().tell(new Down(member.address()));
        return now(accepted(member, "down"));
    }

    private static HttpResponse accepted(Member member, String state) {
        var json = new JsonWriter(64).beginObject().name(ID).value(NodeId.of(member));
        return RestAnswer.json(202, json.name("state").value(state).endObject());
    }

    private Member member(String id) {
        return members().stream()
                .filter(member -> NodeId.of(member).equals(id))
                .findFirst()
                .orElseThrow(() -> RestCall.refused(404, "NODE_NOT_FOUND", "no node of the cluster has this id"));
    }

    private List<Member> members() {
        List<Member> members = new ArrayList<>();
        cluster().state().getMembers().forEach(members::add);
        members.sort(Comparator.comparing(Member::dataCenter).thenComparing(NodeId::of));
        return members;
    }

    private Set<Member> unreachable() {
        return new HashSet<>(cluster().state().getUnreachable());
    }

    private Cluster cluster() {
        return Cluster.get(parts.system());
    }

    private static String state(Member member) {
        return member.status().toString().toLowerCase(Locale.ROOT);
    }

    private static CompletionStage<HttpResponse> now(HttpResponse response) {
        return CompletableFuture.completedFuture(response);
    }
}
