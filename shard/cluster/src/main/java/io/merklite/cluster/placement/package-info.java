/** Which nodes keep which databases: shards, preference lists, and where a writer runs. */
@NullMarked
package io.merklite.cluster.placement;

import org.jspecify.annotations.NullMarked;
