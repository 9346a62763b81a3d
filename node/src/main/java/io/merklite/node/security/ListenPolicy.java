package io.merklite.node.security;

import com.typesafe.config.Config;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** A node that needs no tokens is reached from its own machine alone, unless somebody said otherwise in so many words. */
public final class ListenPolicy {
    private ListenPolicy() {}

    /**
     * Checks the section {@code merklite}: {@code http.host} together with {@code security}.
     *
     * @return the host, if it may be listened on
     * @throws IllegalArgumentException if anyone who reaches that address could read and write everything
     */
    public static String check(Config merklite) {
        var security = SecuritySettings.from(merklite);
        var host = merklite.getString("http.host");
        if (security.needsTokens() || security.allowAnonymous() || isLoopback(host)) {
            return host;
        }
        throw new IllegalArgumentException(
                "merklite.http.host = " + host
                        + ", must be a loopback address such as 127.0.0.1 while merklite.security.public-keys is empty: make a key"
                        + " with \"merklite token keys\" and name its public half there, or set"
                        + " merklite.security.allow-anonymous = on if whoever reaches this address may read and write everything");
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException unknownIsNotLoopback) {
            return false;
        }
    }
}
