package io.merklite.node.membership;

import com.typesafe.config.Config;
import io.merklite.node.config.SettingsCheck;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Mutual TLS between nodes: {@code merklite.cluster.tls}.
 *
 * <p>Pekko's engine of rotating keys reads the files again every few minutes, and takes a peer for a node if the authority has
 * signed its certificate and a subject name of it is one of ours: host names do not count, since nodes have many.
 *
 * @param certificateFile of this node, in PEM
 * @param keyFile its private key, PKCS #8 in PEM
 * @param authorityFile who signs certificates of nodes, in PEM
 */
public record NodeTlsSettings(Path certificateFile, Path keyFile, Path authorityFile) {
    private static final String SECTION = "merklite.cluster.tls";
    private static final String ENGINE = "org.apache.pekko.remote.artery.tcp.ssl.RotatingKeysSSLEngineProvider";
    private static final String SSL = "pekko.remote.artery.ssl.";

    public NodeTlsSettings {
        var check = new SettingsCheck(SECTION);
        Map.of("certificate-file", certificateFile, "key-file", keyFile, "authority-file", authorityFile)
                .forEach((key, file) -> check.require(Files.isReadable(file), key, file, "a readable file"));
        check.end();
    }

    /** Reads the section {@code merklite}; none if no files are named, which is without TLS. */
    public static Optional<NodeTlsSettings> from(Config merklite) {
        var tls = merklite.getConfig("cluster.tls");
        var certificate = tls.getString("certificate-file");
        var key = tls.getString("key-file");
        var authority = tls.getString("authority-file");
        if (certificate.isBlank() && key.isBlank() && authority.isBlank()) {
            return Optional.empty();
        }
        var together = "given together with the other two files";
        new SettingsCheck(SECTION)
                .require(!certificate.isBlank(), "certificate-file", "\"\"", together)
                .require(!key.isBlank(), "key-file", "\"\"", together)
                .require(!authority.isBlank(), "authority-file", "\"\"", together)
                .end();
        return Optional.of(new NodeTlsSettings(Path.of(certificate), Path.of(key), Path.of(authority)));
    }

    /** Pekko's settings for it, by path. */
    Map<String, Object> toPekko() {
        return Map.of(
                "pekko.remote.artery.transport",
                "tls-tcp",
                SSL + "ssl-engine-provider",
                ENGINE,
                SSL + "rotating-keys-engine.key-file",
                keyFile.toString(),
                SSL + "rotating-keys-engine.cert-file",
                certificateFile.toString(),
                SSL + "rotating-keys-engine.ca-cert-file",
                authorityFile.toString());
    }
}
