package io.merklite.client;

import java.net.URI;
import java.util.Optional;

/**
 * A node, or what stands before several.
 *
 * @param address {@code http} or {@code https}, host and port; with a path if the node is behind one
 * @param datacenter where it is. A write whose answer was lost is repeated only in the datacenter that it was sent to;
 *     endpoints that name none count as one datacenter.
 */
public record Endpoint(URI address, Optional<String> datacenter) {
    public Endpoint {
        var scheme = String.valueOf(address.getScheme());
        if (!(scheme.equals("http") || scheme.equals("https")) || address.getHost() == null) {
            throw new IllegalArgumentException(
                    "address " + address + ", must be http://host:port or https://host:port");
        }
        if (address.getRawQuery() != null || address.getRawFragment() != null || address.getRawUserInfo() != null) {
            throw new IllegalArgumentException("address " + address.getScheme() + "://" + address.getHost()
                    + ", must have no user, query or fragment");
        }
        if (!address.getPath().endsWith("/")) {
            address = URI.create(address + "/");
        }
    }

    /** A node in a datacenter without a name. */
    public static Endpoint of(String address) {
        return new Endpoint(URI.create(address), Optional.empty());
    }
}
