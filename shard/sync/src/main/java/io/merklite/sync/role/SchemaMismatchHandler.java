package io.merklite.sync.role;

import java.util.List;

/** Decides what to do about schemas that differ. Called on the thread of the role. */
@FunctionalInterface
public interface SchemaMismatchHandler {
    /**
     * Decides; may change the schema.
     *
     * @param remote fingerprint of the other side's tables
     * @param local fingerprint of the tables here
     * @param remoteDdl the other side's tables; empty on a master
     * @return whether it is worth trying again; not believed, but looked at again
     */
    boolean onMismatch(int remote, int local, List<String> remoteDdl);
}
