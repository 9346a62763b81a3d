package io.merklite.loadtest.local;

import java.net.URI;
import java.nio.file.Path;

/**
 * One node of a cluster on this machine.
 *
 * @param name datacenter and number, such as {@code a1}
 * @param datacenter such as {@code a}
 * @param number from 1, of all nodes of the cluster
 * @param httpPort where clients reach it
 * @param clusterPort where other nodes reach it: the port of its proxy
 * @param bindPort where it listens to other nodes
 * @param directory for its settings, log and data
 */
public record LocalNode(
        String name, String datacenter, int number, int httpPort, int clusterPort, int bindPort, Path directory) {
    private static final int FIRST_HOST = 10;

    /** Where clients reach it, with a slash at the end. */
    public URI url() {
        return URI.create("http://127.0.0.1:" + httpPort + "/");
    }

    /** The loopback address that its connections to other nodes come from, which tells them apart. */
    String host() {
        return "127.0.0." + (FIRST_HOST + number);
    }

    Path data() {
        return directory.resolve("data");
    }

    @Override
    public String toString() {
        return name;
    }
}
