package io.merklite.node.membership;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.merklite.node.config.SettingsCheck;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where this node is, and where others are: {@code merklite.cluster}.
 *
 * @param datacenter name of the datacenter
 * @param host under which others reach this node
 * @param port under which others reach this node; 0 takes a free one
 * @param bindHost where it listens; empty: as {@code host}
 * @param seedNodes "host:port" of nodes to join
 * @param tls mutual TLS between nodes, if any
 */
public record MembershipSettings(
        String datacenter,
        String host,
        int port,
        String bindHost,
        List<String> seedNodes,
        Optional<NodeTlsSettings> tls) {
    private static final String SECTION = "merklite.cluster";
    private static final Pattern DATACENTER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]{0,62}");
    private static final Pattern ADDRESS = Pattern.compile("[^\\s:/@]+:\\d{1,5}");
    private static final String ADDRESS_PREFIX = "pekko://merklite@";
    private static final int MAX_PORT = 65_535;

    public MembershipSettings {
        seedNodes = List.copyOf(seedNodes);
        var check = new SettingsCheck(SECTION)
                .require(
                        DATACENTER.matcher(datacenter).matches(),
                        "datacenter",
                        datacenter,
                        "1 to 63 letters, digits and \"-\", beginning with a letter or digit")
                .require(!host.isBlank(), "host", host, "a name or an address")
                .require(port >= 0 && port <= MAX_PORT, "port", port, "0 to 65535");
        seedNodes.forEach(node -> check.require(ADDRESS.matcher(node).matches(), "seed-nodes", node, "host:port"));
        check.end();
    }

    /** Reads the section {@code merklite}. */
    public static MembershipSettings from(Config merklite) {
        var cluster = merklite.getConfig("cluster");
        return new MembershipSettings(
                cluster.getString("datacenter"),
                cluster.getString("host"),
                cluster.getInt("port"),
                cluster.getString("bind-host"),
                cluster.getStringList("seed-nodes"),
                NodeTlsSettings.from(merklite));
    }

    /** Whether nobody is named, so that the node is a cluster of its own. */
    public boolean isAlone() {
        return seedNodes.isEmpty();
    }

    /** What Pekko has to be told. */
    public Config toPekko() {
        Map<String, Object> pekko = new HashMap<>();
        pekko.put("pekko.cluster.multi-data-center.self-data-center", datacenter);
        pekko.put("pekko.remote.artery.canonical.hostname", host);
        pekko.put("pekko.remote.artery.canonical.port", port);
        pekko.put(
                "pekko.cluster.seed-nodes",
                seedNodes.stream().map(node -> ADDRESS_PREFIX + node).toList());
        if (!bindHost.isBlank()) {
            pekko.put("pekko.remote.artery.bind.hostname", bindHost);
        }
        tls.ifPresent(settings -> pekko.putAll(settings.toPekko()));
        return ConfigFactory.parseMap(pekko, "merklite.cluster");
    }
}
