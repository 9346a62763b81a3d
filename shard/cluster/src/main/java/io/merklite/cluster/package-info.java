/** The cluster: databases as sharded actors, their replicas, and what keeps them equal. */
@NullMarked
package io.merklite.cluster;

import org.jspecify.annotations.NullMarked;
