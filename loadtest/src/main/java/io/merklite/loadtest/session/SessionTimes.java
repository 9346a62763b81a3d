package io.merklite.loadtest.session;

/**
 * Microseconds of the steps of one round.
 *
 * @param untracked the work without a session
 * @param create creating a session and attaching the table
 * @param tracked the work under a session
 * @param changeset asking for the changeset
 * @param patchset asking for the patchset
 * @param apply applying the changeset to an equal database
 * @param sizeBytes size of the changeset
 */
record SessionTimes(
        double untracked,
        double create,
        double tracked,
        double changeset,
        double patchset,
        double apply,
        int sizeBytes) {}
