package io.merklite.node.security;

import io.merklite.node.NodeException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/** Whom a client takes for a node. */
public final class Trust {
    private Trust() {}

    /**
     * TLS of a client that trusts the authorities in {@code file}, in PEM, and nobody else.
     *
     * @throws NodeException.UnusableFile if there is no certificate in it
     */
    public static SSLContext in(Path file) {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(null, ServerTls.trust(Optional.of(file)), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new NodeException.UnusableFile(
                    file, "makes no TLS client: " + e.getMessage(), "Name a certificate in PEM", e);
        }
    }
}
