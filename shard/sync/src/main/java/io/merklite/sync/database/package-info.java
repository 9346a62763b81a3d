/** A database that replicates, as its user has it. */
@NullMarked
package io.merklite.sync.database;

import org.jspecify.annotations.NullMarked;
