package io.merklite.node.rest;

import io.merklite.cluster.MerkliteNode;
import io.merklite.cluster.placement.NodeId;
import io.merklite.node.encoding.JsonWriter;
import io.merklite.node.health.Health;
import io.merklite.node.http.Access;
import io.merklite.node.http.Access.Right;
import io.merklite.node.http.Endpoints;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * {@code GET /v1/status}, this node, and {@code GET /v1/nodes}, all nodes of all datacenters as this one sees them. Both
 * need {@code read} on the node.
 */
public final class ClusterEndpoints implements Endpoints {
    private final MerkliteNode node;
    private final Access access;
    private final Health health;
    private final InstantSource clock;
    private final String version;
    private final Instant startedAt;

    /**
     * @param version of the program
     */
    public ClusterEndpoints(MerkliteNode node, Access access, Health health, InstantSource clock, String version) {
        this.node = node;
        this.access = access;
        this.health = health;
        this.clock = clock;
        this.version = version;
        startedAt = clock.instant();
    }

    @Override
    public Optional<CompletionStage<HttpResponse>> answer(HttpRequest http) {
        return RestRequest.of(http)
                .filter(request ->
                        request.method().equals("GET") && request.path().size() == 1)
                .flatMap(request -> switch (request.path().getFirst()) {
                    case "status" -> Optional.of(answer(request, status()));
                    case "nodes" -> Optional.of(answer(request, nodes()));
                    default -> Optional.empty();
                });
    }

    private CompletionStage<HttpResponse> answer(RestRequest request, JsonWriter json) {
        request.require(access, RestRequest.NODE, Right.READ);
        return CompletableFuture.completedFuture(RestRequest.json(200, json));
    }

    private JsonWriter status() {
        var self = Cluster.get(node.system()).selfMember();
        var ready = health.ready();
        var json = new JsonWriter(256)
                .beginObject()
                .name("node")
                .value(NodeId.of(self))
                .name("datacenter")
                .value(self.dataCenter())
                .name("address")
                .value(self.address().hostPort())
                .name("version")
                .value(version)
                .name("java")
                .value(Runtime.version().toString())
                .name("startedAt")
                .value(startedAt.toString())
                .name("uptimeMillis")
                .value(Duration.between(startedAt, clock.instant()).toMillis())
                .name("state")
                .value(state(self))
                .name("ready")
                .value(ready.isGood())
                .name("problems")
                .beginObject();
        ready.problems().forEach((name, problem) -> json.name(name).value(problem));
        return json.endObject().endObject();
    }

    private JsonWriter nodes() {
        var cluster = Cluster.get(node.system()).state();
        List<Member> members = new ArrayList<>();
        cluster.getMembers().forEach(members::add);
        members.sort(Comparator.comparing(Member::dataCenter).thenComparing(NodeId::of));
        var json = new JsonWriter(1024).beginObject().name("items").beginArray();
        members.forEach(member -> json.beginObject()
                .name("node")
                .value(NodeId.of(member))
                .name("datacenter")
                .value(member.dataCenter())
                .name("address")
                .value(member.address().hostPort())
                .name("state")
                .value(cluster.getUnreachable().contains(member) ? "unreachable" : state(member))
                .endObject());
        return json.endArray().name("next").nullValue().endObject();
    }

    private static String state(Member member) {
        return member.status().toString().toLowerCase(Locale.ROOT);
    }
}
