package io.merklite.node.security;

import com.typesafe.config.Config;
import io.merklite.node.config.SettingsCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How connections of clients are secured: {@code merklite.http.tls}.
 *
 * @param identity the server's certificate and key
 * @param clientAuthorityFile authorities of clients' certificates; if there is one, clients need a certificate
 * @param reloadInterval how often files are looked at
 */
public record TlsSettings(Identity identity, Optional<Path> clientAuthorityFile, Duration reloadInterval) {
    private static final String SECTION = "merklite.http.tls";

    public TlsSettings {
        new SettingsCheck(SECTION)
                .require(
                        reloadInterval.toSeconds() >= 1 && reloadInterval.toDays() <= 1,
                        "reload-interval",
                        reloadInterval,
                        "from 1 s to 1 day")
                .end();
    }

    /** Where certificate and key of the server are. */
    public sealed interface Identity {
        /** In two files in PEM. */
        record PemFiles(Path certificateFile, Path keyFile) implements Identity {}

        /** In a store of type PKCS #12. */
        record Store(Path file, String password) implements Identity {
            /** Without the password. */
            @Override
            public String toString() {
                return "Store[" + file + "]";
            }
        }
    }

    /** Reads the section {@code merklite}; none if no files are named, which is without TLS. */
    public static Optional<TlsSettings> from(Config merklite) {
        var tls = merklite.getConfig("http.tls");
        var certificate = file(tls, "certificate-file");
        var key = file(tls, "key-file");
        var store = file(tls, "store-file");
        var authority = file(tls, "client-authority-file");
        new SettingsCheck(SECTION)
                .require(
                        certificate.isPresent() == key.isPresent(),
                        "key-file",
                        shown(key),
                        "given together with certificate-file")
                .require(
                        store.isEmpty() || certificate.isEmpty(),
                        "store-file",
                        shown(store),
                        "empty where there is a certificate-file")
                .require(
                        authority.isEmpty() || store.isPresent() || certificate.isPresent(),
                        "client-authority-file",
                        shown(authority),
                        "empty without a certificate-file or store-file")
                .end();
        return store.<Identity>map(file -> new Identity.Store(file, tls.getString("store-password")))
                .or(() -> certificate.flatMap(file -> key.map(keyFile -> new Identity.PemFiles(file, keyFile))))
                .map(identity -> new TlsSettings(identity, authority, tls.getDuration("reload-interval")));
    }

    private static Optional<Path> file(Config tls, String key) {
        return Optional.of(tls.getString(key)).filter(name -> !name.isBlank()).map(Path::of);
    }

    private static String shown(Optional<Path> file) {
        return file.map(Path::toString).orElse("\"\"");
    }
}
