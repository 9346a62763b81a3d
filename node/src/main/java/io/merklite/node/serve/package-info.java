/**
 * A node as a program: the cluster's {@code MerkliteNode}, the doors that lead to it, and the order in which they open and
 * close.
 *
 * <p>{@link io.merklite.node.serve.ServeSettings} is everything that is read from the configuration. {@link
 * io.merklite.node.serve.NodeServer} opens: first the node joins its cluster, then the port is bound; and it closes in the
 * other order, so that no request finds a node half gone.
 */
@NullMarked
package io.merklite.node.serve;

import org.jspecify.annotations.NullMarked;
