/** Which databases there are: itself a database that replicates. */
@NullMarked
package io.merklite.cluster.catalog;

import org.jspecify.annotations.NullMarked;
