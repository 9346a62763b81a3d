package io.merklite.loadtest.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.merklite.loadtest.local.Waiting;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * etcd on this machine, one node or several, written to through its JSON gateway.
 *
 * <p>The program is that of the property {@code etcd.program}, or on the path, or is taken out of Debian's package {@code
 * etcd-server}, which needs {@code apt-get} but no rights.
 */
final class Etcd implements Contender {
    private static final Path FOLDER = Path.of("target/rivals/etcd").toAbsolutePath();
    private static final Duration START_PATIENCE = Duration.ofSeconds(30);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PUT = "/v3/kv/put";

    private final List<RivalServer> servers;
    private final List<Integer> ports;
    private final int leaderPort;

    private Etcd(List<RivalServer> servers, List<Integer> ports, int leaderPort) {
        this.servers = servers;
        this.ports = ports;
        this.leaderPort = leaderPort;
    }

    /** Starts so many nodes; none if the program is not to be had, which is told. */
    static Optional<Etcd> start(Path folder, int nodeCount) throws IOException, InterruptedException {
        var program = program();
        if (program.isEmpty()) {
            System.out.println(
                    "# etcd is absent: install etcd-server, or give -Detcd.program; its figures are left out");
            return Optional.empty();
        }
        var ports = RivalServer.freePorts(2 * nodeCount);
        List<String> members = new ArrayList<>();
        List<Integer> clientPorts = new ArrayList<>();
        for (var i = 0; i < nodeCount; i++) {
            members.add("n" + i + "=http://127.0.0.1:" + ports[2 * i + 1]);
            clientPorts.add(ports[2 * i]);
        }
        List<RivalServer> servers = new ArrayList<>();
        for (var i = 0; i < nodeCount; i++) {
            var client = "http://127.0.0.1:" + ports[2 * i];
            var peer = "http://127.0.0.1:" + ports[2 * i + 1];
            servers.add(RivalServer.start(
                    folder.resolve("etcd-" + nodeCount + "-" + i),
                    List.of(
                            program.get(),
                            "--name=n" + i,
                            "--data-dir=data",
                            "--listen-client-urls=" + client,
                            "--advertise-client-urls=" + client,
                            "--listen-peer-urls=" + peer,
                            "--initial-advertise-peer-urls=" + peer,
                            "--initial-cluster=" + String.join(",", members),
                            "--log-level=error")));
        }
        var leader = Waiting.until(START_PATIENCE, () -> leader(clientPorts).isPresent())
                ? leader(clientPorts)
                : Optional.<Integer>empty();
        if (leader.isEmpty()) {
            servers.forEach(RivalServer::close);
            throw new IllegalStateException("etcd has no leader: see the logs in " + folder);
        }
        return Optional.of(new Etcd(servers, clientPorts, leader.get()));
    }

    /** Puts to the leader. */
    HttpLoad puts() {
        return HttpLoad.to(leaderPort, PUT, body -> body.contains("\"revision\""));
    }

    /** A put of a hundred bytes. */
    static String put(long number) {
        return "{\"key\":\"" + base64(Long.toString(Shop.key(number))) + "\",\"value\":\"" + base64(Shop.label(number))
                + "\"}";
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The port of the node that leads, once all say the same. */
    private static Optional<Integer> leader(List<Integer> ports) {
        Optional<Integer> leader = Optional.empty();
        for (var port : ports) {
            try (var http = new RawHttp(HttpLoad.to(port, PUT, body -> true).address(), "/v3/maintenance/status", "")) {
                http.post("{}");
                var status = JSON.readTree(http.body());
                var member = status.path("header").path("member_id").asText();
                if (status.path("leader").asText("0").equals(member)) {
                    leader = Optional.of(port);
                }
            } catch (IOException notThereYet) {
                return Optional.empty();
            }
        }
        return leader;
    }

    private static Optional<String> program() throws IOException, InterruptedException {
        var given = Optional.ofNullable(System.getProperty("etcd.program"))
                .or(() -> Stream.of(System.getenv("PATH").split(java.io.File.pathSeparator, -1))
                        .map(entry -> Path.of(entry, "etcd"))
                        .filter(Files::isExecutable)
                        .map(Path::toString)
                        .findFirst());
        if (given.isPresent()) {
            return given;
        }
        var unpacked = FOLDER.resolve("usr/bin/etcd");
        if (!Files.isExecutable(unpacked)) {
            var isThere = RivalServer.run(FOLDER, "apt-get", "download", "etcd-server") && unpack();
            return isThere && Files.isExecutable(unpacked) ? Optional.of(unpacked.toString()) : Optional.empty();
        }
        return Optional.of(unpacked.toString());
    }

    private static boolean unpack() throws IOException, InterruptedException {
        try (var files = Files.list(FOLDER)) {
            var archive = files.filter(file -> file.toString().endsWith(".deb")).findFirst();
            return archive.isPresent()
                    && RivalServer.run(FOLDER, "dpkg", "-x", archive.get().toString(), FOLDER.toString());
        }
    }

    int nodeCount() {
        return ports.size();
    }

    @Override
    public void close() {
        servers.forEach(RivalServer::close);
    }
}
