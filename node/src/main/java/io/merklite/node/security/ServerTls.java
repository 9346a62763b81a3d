package io.merklite.node.security;

import io.merklite.node.NodeException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS of the HTTP server, whose certificate changes while it runs: new connections get the new one, those that are open
 * stay as they are.
 *
 * <p><b>Threading.</b> {@link #engine} never blocks and may be called by any thread; {@link #reload} reads files and is
 * called by one thread at a time.
 */
public final class ServerTls {
    private static final Logger LOG = LoggerFactory.getLogger(ServerTls.class);
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
    private static final byte[] PROBE = {1, 2, 3, 4};
    private static final List<String> KEY_ALGORITHMS = List.of("EC", "RSA", "Ed25519");

    private final TlsSettings settings;
    private List<FileTime> readTimes;
    private volatile SSLContext context;

    private ServerTls(TlsSettings settings, List<FileTime> readTimes, SSLContext context) {
        this.settings = settings;
        this.readTimes = readTimes;
        this.context = context;
    }

    /**
     * TLS with the files as they are now.
     *
     * @throws NodeException.UnusableFile if they are no good
     */
    public static ServerTls open(TlsSettings settings) {
        var times = times(settings);
        return new ServerTls(settings, times, load(settings));
    }

    /** The server's side of a new connection. */
    public SSLEngine engine() {
        var engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setEnabledProtocols(PROTOCOLS);
        engine.setNeedClientAuth(settings.clientAuthorityFile().isPresent());
        return engine;
    }

    /** Reads the files again if any has changed. What is no good is logged, and what was there before stays. */
    public void reload() {
        try {
            var times = times(settings);
            if (!times.equals(readTimes)) {
                context = load(settings);
                readTimes = times;
                LOG.info("tls certificate taken identity={}", settings.identity());
            }
        } catch (NodeException.UnusableFile e) {
            LOG.error("tls certificate not taken, the earlier one stays: correct the files", e);
        }
    }

    private static List<FileTime> times(TlsSettings settings) {
        List<Path> files = new ArrayList<>();
        switch (settings.identity()) {
            case TlsSettings.Identity.PemFiles pem -> {
                files.add(pem.certificateFile());
                files.add(pem.keyFile());
            }
            case TlsSettings.Identity.Store store -> files.add(store.file());
        }
        settings.clientAuthorityFile().ifPresent(files::add);
        return files.stream().map(ServerTls::timeOf).toList();
    }

    private static FileTime timeOf(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            throw unusable(file, "cannot be read", e);
        }
    }

    private static SSLContext load(TlsSettings settings) {
        try {
            var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            switch (settings.identity()) {
                case TlsSettings.Identity.PemFiles pem -> keys.init(ofPem(pem), new char[0]);
                case TlsSettings.Identity.Store store ->
                    keys.init(ofStore(store), store.password().toCharArray());
            }
            var context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust(settings.clientAuthorityFile()), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new NodeException.UnusableFile(
                    mainFile(settings), "makes no TLS server: " + e.getMessage(), REMEDY, e);
        }
    }

    private static final String REMEDY =
            "Name a certificate and its private key in merklite.http.tls, unencrypted PKCS #8 in"
                    + " PEM or a PKCS12 store with its password";

    private static Path mainFile(TlsSettings settings) {
        return switch (settings.identity()) {
            case TlsSettings.Identity.PemFiles pem -> pem.certificateFile();
            case TlsSettings.Identity.Store store -> store.file();
        };
    }

    private static KeyStore ofPem(TlsSettings.Identity.PemFiles files) throws GeneralSecurityException {
        var key = privateKey(files.keyFile());
        var chain = certificates(files.certificateFile());
        if (!isPair(key, chain.getFirst().getPublicKey())) {
            throw unusable(files.keyFile(), "is not the key of the certificate in " + files.certificateFile(), null);
        }
        var store = emptyStore();
        store.setKeyEntry("node", key, new char[0], chain.toArray(Certificate[]::new));
        return store;
    }

    /** Whether what one signs, the other verifies: between the exchange of one file and of the other it is not so. */
    private static boolean isPair(PrivateKey key, PublicKey certified) throws GeneralSecurityException {
        var signature = Signature.getInstance(
                switch (key.getAlgorithm()) {
                    case "EC" -> "SHA256withECDSA";
                    case "RSA" -> "SHA256withRSA";
                    default -> "Ed25519";
                });
        try {
            signature.initSign(key);
            signature.update(PROBE);
            var signed = signature.sign();
            signature.initVerify(certified);
            signature.update(PROBE);
            return signature.verify(signed);
        } catch (InvalidKeyException | SignatureException ofAnotherAlgorithm) {
            return false;
        }
    }

    private static KeyStore ofStore(TlsSettings.Identity.Store settings) throws GeneralSecurityException {
        try (var input = Files.newInputStream(settings.file())) {
            var store = KeyStore.getInstance("PKCS12");
            store.load(input, settings.password().toCharArray());
            return store;
        } catch (IOException e) {
            throw unusable(settings.file(), "is no PKCS12 store that the password opens", e);
        }
    }

    static TrustManager @Nullable [] trust(Optional<Path> authorityFile) throws GeneralSecurityException {
        if (authorityFile.isEmpty()) {
            return null;
        }
        var store = emptyStore();
        for (var authority : certificates(authorityFile.get())) {
            store.setCertificateEntry("authority-" + store.size(), authority);
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        return trust.getTrustManagers();
    }

    private static KeyStore emptyStore() throws GeneralSecurityException {
        try {
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            return store;
        } catch (IOException e) {
            throw new GeneralSecurityException("an empty store cannot be made", e);
        }
    }

    /** Certificates of {@code file}, the server's own first, then those that signed it. */
    private static List<Certificate> certificates(Path file) throws GeneralSecurityException {
        List<Certificate> chain = new ArrayList<>();
        var factory = CertificateFactory.getInstance("X.509");
        for (var encoded : decoded("CERTIFICATE", file)) {
            chain.add(factory.generateCertificate(new ByteArrayInputStream(encoded)));
        }
        if (chain.isEmpty()) {
            throw unusable(file, "has no certificate in PEM", null);
        }
        return chain;
    }

    /** The key says its algorithm inside, where only the factory of that algorithm reads it. */
    private static PrivateKey privateKey(Path file) {
        var encoded = decoded("PRIVATE KEY", file);
        if (encoded.isEmpty()) {
            throw unusable(file, "has no unencrypted PKCS #8 key in PEM", null);
        }
        GeneralSecurityException last = null;
        for (var algorithm : KEY_ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded.getFirst()));
            } catch (GeneralSecurityException notOfThisAlgorithm) {
                last = notOfThisAlgorithm;
            }
        }
        throw unusable(file, "has a key that is none of " + String.join(", ", KEY_ALGORITHMS), last);
    }

    private static List<byte[]> decoded(String label, Path file) {
        try {
            return Pem.decode(label, Files.readString(file));
        } catch (IllegalArgumentException e) {
            throw unusable(file, "has lines that are no base64", e);
        } catch (IOException e) {
            throw unusable(file, "cannot be read", e);
        }
    }

    private static NodeException.UnusableFile unusable(Path file, String what, @Nullable Exception cause) {
        return new NodeException.UnusableFile(file, what, REMEDY, cause);
    }
}
