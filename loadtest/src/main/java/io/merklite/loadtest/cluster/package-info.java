/** What a cluster's databases reach through the embedded API. */
@NullMarked
package io.merklite.loadtest.cluster;

import org.jspecify.annotations.NullMarked;
