package io.merklite.cluster.placement;

import org.apache.pekko.cluster.Member;

/**
 * The name of a node: it stays the same when the node comes back under another address, so that its shards do.
 *
 * <p>A node tells its id by a cluster role with the prefix {@value #ROLE_PREFIX}. One that has none is called by its
 * address.
 */
public final class NodeId {
    /** What the role of an id begins with. */
    public static final String ROLE_PREFIX = "merklite-node-";

    private NodeId() {}

    /** The id of a cluster member. */
    public static String of(Member member) {
        for (var role : member.getRoles()) {
            if (role.startsWith(ROLE_PREFIX)) {
                return role.substring(ROLE_PREFIX.length());
            }
        }
        return member.address().hostPort();
    }
}
