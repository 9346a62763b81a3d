package io.merklite.sync.store;

import io.merklite.session.changeset.Changeset;
import io.merklite.sync.transaction.Transaction;
import java.util.Optional;

/**
 * What a merge did.
 *
 * @param changes what changed in the user's tables, repairs included, against what was there before
 * @param repair a transaction of this replica that settles what UNIQUE and FOREIGN KEY had against the merged rows, to be
 *     published like any other
 */
public record Merged(Changeset changes, Optional<Transaction> repair) {}
