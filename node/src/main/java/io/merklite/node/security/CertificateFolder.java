package io.merklite.node.security;

import io.merklite.node.NodeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A folder with an authority of one's own, and certificates that it signed: for nodes, for servers and for clients.
 *
 * <p>{@code authority.p12} has the authority's key and never leaves the folder; {@code authority.pem} is its certificate,
 * which everybody gets. {@code NAME.pem} and {@code NAME.key} are a certificate with its chain, and its key. Making one anew under the
 * same name replaces both files, the key first; whoever reads them again takes the new ones. Keys are made by the JDK's {@code keytool}.
 *
 * <p>Every certificate of a node has the name {@value #NODES_NAME} beside its own: Pekko takes for a node who shares a
 * name with it. Clients' certificates don't have it.
 */
public final class CertificateFolder {
    /** The name that all nodes share. */
    static final String NODES_NAME = "nodes.merklite";

    private static final String AUTHORITY = "authority";
    private static final String PASSWORD_VARIABLE = "KEYTOOL_PASSWORD";
    private static final int AUTHORITY_DAYS = 3650;
    private static final long TIMEOUT_SECONDS = 60;

    /** Pekko's engine of rotating keys reads no others than RSA. */
    private static final String RSA_BITS = "3072";

    private final Path folder;
    private final String password;

    /**
     * @param folder where the files are
     * @param password of the authority's store, at least 6 characters
     */
    public CertificateFolder(Path folder, String password) {
        this.folder = folder;
        this.password = password;
    }

    /** What a certificate is for. */
    public enum Use {
        /** Between nodes, and of their HTTP server. */
        NODE("serverAuth,clientAuth"),
        /** Of a client of the HTTP server. */
        CLIENT("clientAuth");

        private final String extendedKeyUsage;

        Use(String extendedKeyUsage) {
            this.extendedKeyUsage = extendedKeyUsage;
        }
    }

    /**
     * Makes the authority, good for ten years.
     *
     * @throws NodeException.UnusableFile if there is one already
     */
    public void makeAuthority(String name) {
        var store = folder.resolve(AUTHORITY + ".p12");
        if (Files.exists(store)) {
            throw new NodeException.UnusableFile(
                    store, "is there already", "Name another folder: an authority is never overwritten", null);
        }
        try {
            Files.createDirectories(folder);
            var draft = Files.createTempDirectory(folder, "draft").resolve("store.p12");
            try {
                keytool(
                        "-genkeypair",
                        "-alias",
                        AUTHORITY,
                        "-keystore",
                        draft.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass:env",
                        PASSWORD_VARIABLE,
                        "-keyalg",
                        "EC",
                        "-groupname",
                        "secp384r1",
                        "-dname",
                        "CN=" + escaped(name),
                        "-validity",
                        String.valueOf(AUTHORITY_DAYS),
                        "-ext",
                        "bc:critical=ca:true,pathlen:0",
                        "-ext",
                        "ku:critical=keyCertSign,cRLSign");
                SecretFile.protect(draft);
                Files.writeString(folder.resolve(AUTHORITY + ".pem"), chain(load(draft), AUTHORITY));
                Files.move(draft, store, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                discard(draft);
            }
        } catch (IOException | GeneralSecurityException e) {
            throw unusable(folder, "takes no authority", e);
        }
    }

    /**
     * Makes a certificate and its key.
     *
     * @param name of the files, and common name
     * @param hosts names and addresses that it is good for
     * @param days how long it is good
     */
    public void make(String name, Use use, List<String> hosts, int days) {
        if (name.equals(AUTHORITY) || !name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
            throw new NodeException.UnusableKey(
                    "\"" + name + "\" is no name for a certificate: letters, digits, \".\", \"_\" and \"-\"", null);
        }
        var authority = folder.resolve(AUTHORITY + ".p12");
        if (!Files.isReadable(authority)) {
            throw new NodeException.UnusableFile(
                    authority, "is not there", "Make an authority with: merklite certificates authority", null);
        }
        try {
            // In a copy, since the tool wants the signer in the same store.
            var draft = Files.createTempDirectory(folder, "draft").resolve("store.p12");
            try {
                Files.copy(authority, draft);
                keytool(arguments(draft, name, use, hosts, days));
                var store = load(draft);
                var key = store.getKey(name, password.toCharArray());
                replace(name + ".key", Pem.encode("PRIVATE KEY", key.getEncoded()));
                replace(name + ".pem", chain(store, name));
            } finally {
                discard(draft);
            }
        } catch (IOException | GeneralSecurityException e) {
            throw unusable(folder, "takes no certificate", e);
        }
    }

    private static String[] arguments(Path draft, String name, Use use, List<String> hosts, int days) {
        List<String> arguments = new ArrayList<>(List.of(
                "-genkeypair",
                "-alias",
                name,
                "-keystore",
                draft.toString(),
                "-storepass:env",
                PASSWORD_VARIABLE,
                "-keyalg",
                "RSA",
                "-keysize",
                RSA_BITS,
                "-dname",
                "CN=" + escaped(name),
                "-validity",
                String.valueOf(days),
                "-signer",
                AUTHORITY,
                "-sigalg",
                "SHA384withECDSA",
                "-ext",
                "ku:critical=digitalSignature",
                "-ext",
                "eku=" + use.extendedKeyUsage));
        List<String> names = new ArrayList<>();
        if (use == Use.NODE) {
            names.add("dns:" + NODES_NAME);
        }
        hosts.forEach(host -> names.add((isAddress(host) ? "ip:" : "dns:") + host));
        if (!names.isEmpty()) {
            arguments.addAll(List.of("-ext", "san=" + String.join(",", names)));
        }
        return arguments.toArray(String[]::new);
    }

    private static boolean isAddress(String host) {
        return host.matches("[0-9.]+") || host.contains(":");
    }

    private static String escaped(String name) {
        return name.replaceAll("([,+\"\\\\<>;=])", "\\\\$1");
    }

    /** Readers see the old file or the new one, never half of one. */
    private void replace(String file, String text) throws IOException {
        var draft = folder.resolve(file + ".new");
        Files.deleteIfExists(draft);
        SecretFile.write(draft, text);
        Files.move(draft, folder.resolve(file), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private KeyStore load(Path file) throws IOException, GeneralSecurityException {
        try (InputStream input = Files.newInputStream(file)) {
            var store = KeyStore.getInstance("PKCS12");
            store.load(input, password.toCharArray());
            return store;
        }
    }

    private static String chain(KeyStore store, String alias) throws GeneralSecurityException {
        var text = new StringBuilder();
        for (var certificate : store.getCertificateChain(alias)) {
            text.append(Pem.encode("CERTIFICATE", certificate.getEncoded()));
        }
        return text.toString();
    }

    private void keytool(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(Map.of(PASSWORD_VARIABLE, password, "LC_ALL", "C"));
        var process = builder.start();
        process.getOutputStream().close();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw unusable(folder, "keytool says: " + said.strip(), null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroy();
            throw unusable(folder, "interrupted while keytool ran", e);
        }
    }

    private static void discard(Path draft) throws IOException {
        Files.deleteIfExists(draft);
        Files.deleteIfExists(draft.toAbsolutePath().getParent());
    }

    private static NodeException.UnusableFile unusable(Path file, String what, @Nullable Exception cause) {
        return new NodeException.UnusableFile(file, what, "Check the folder and the password of its authority", cause);
    }
}
