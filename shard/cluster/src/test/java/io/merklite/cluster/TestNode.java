package io.merklite.cluster;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;

/** Command: a node with the configuration in the file that is its argument, until it is killed. */
public final class TestNode {
    private TestNode() {}

    public static void main(String[] arguments) {
        var node =
                MerkliteNode.start(ConfigFactory.parseFile(Path.of(arguments[0]).toFile()));
        node.terminated().toCompletableFuture().join();
    }
}
