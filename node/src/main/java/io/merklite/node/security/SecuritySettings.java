package io.merklite.node.security;

import com.typesafe.config.Config;
import io.merklite.node.config.SettingsCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Whose tokens are good: {@code merklite.security}.
 *
 * @param publicKeys as PEM or as 32 bytes in base64url
 * @param publicKeyFiles files with the same
 * @param clockSkew by how much the clocks of signers may differ from the node's
 * @param allowAnonymous whether a node without keys may listen on addresses that others reach
 */
public record SecuritySettings(
        List<String> publicKeys, List<Path> publicKeyFiles, Duration clockSkew, boolean allowAnonymous) {
    private static final Duration MAX_CLOCK_SKEW = Duration.ofMinutes(10);

    public SecuritySettings {
        publicKeys = List.copyOf(publicKeys);
        publicKeyFiles = List.copyOf(publicKeyFiles);
        new SettingsCheck("merklite.security")
                .require(
                        !clockSkew.isNegative() && clockSkew.compareTo(MAX_CLOCK_SKEW) <= 0,
                        "clock-skew",
                        clockSkew,
                        "from 0 s to 10 m")
                .end();
    }

    /** Reads the section {@code merklite}. */
    public static SecuritySettings from(Config merklite) {
        var security = merklite.getConfig("security");
        return new SecuritySettings(
                security.getStringList("public-keys"),
                security.getStringList("public-key-files").stream()
                        .map(Path::of)
                        .toList(),
                security.getDuration("clock-skew"),
                security.getBoolean("allow-anonymous"));
    }

    /** Whether callers need a token. */
    public boolean needsTokens() {
        return !publicKeys.isEmpty() || !publicKeyFiles.isEmpty();
    }
}
