/**
 * A cluster on this machine that can be hurt.
 *
 * <p>Each node is a process of its own, so that it can be killed and paused like any other. {@link
 * io.merklite.loadtest.local.LocalNodes} starts them, and brings back those that ended, as a service manager would. Nodes reach each other through {@code LinkProxies}, which
 * stand before each node's port: a link that is cut carries nothing and breaks nothing, as when packets vanish, until it is
 * mended.
 *
 * <p>{@link io.merklite.loadtest.local.NodeApi} asks one node over HTTP and says of each answer what it means for the one who
 * asked: done, not done, or nobody knows. {@link io.merklite.loadtest.local.Replicas} looks at what each node has, in
 * its file too, when all is over.
 */
@NullMarked
package io.merklite.loadtest.local;

import org.jspecify.annotations.NullMarked;
