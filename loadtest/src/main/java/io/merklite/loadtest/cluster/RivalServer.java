package io.merklite.loadtest.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process of somebody else's server. It ends with this one at the latest. */
final class RivalServer implements AutoCloseable {
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(10);

    private final Process process;
    private final Thread closing;

    private RivalServer(Process process) {
        this.process = process;
        this.closing = new Thread(process::destroyForcibly, "kill-rival");
    }

    static RivalServer start(Path folder, List<String> command) throws IOException {
        Files.createDirectories(folder);
        var process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        process.getOutputStream().close();
        var server = new RivalServer(process);
        Runtime.getRuntime().addShutdownHook(server.closing);
        return server;
    }

    /** Ports that are free, each another one. */
    static int[] freePorts(int count) throws IOException {
        var held = new ServerSocket[count];
        var ports = new int[count];
        for (var i = 0; i < count; i++) {
            held[i] = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            ports[i] = held[i].getLocalPort();
        }
        for (var socket : held) {
            socket.close();
        }
        return ports;
    }

    /** Runs a program to its end, its output on ours; whether it went well. */
    static boolean run(Path folder, String... command) throws InterruptedException {
        try {
            Files.createDirectories(folder);
            return new ProcessBuilder(command)
                            .directory(folder.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.appendTo(
                                    folder.resolve("install.log").toFile()))
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            System.out.println("# " + command[0] + " can't be started: " + e.getMessage());
            return false;
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
        Runtime.getRuntime().removeShutdownHook(closing);
    }
}
