package io.merklite.loadtest.session;

/**
 * A number of rows, changed in one way.
 *
 * @param store {@code mem}, or {@code file}: WAL, synchronous NORMAL
 * @param operation {@code insert}, {@code update}, {@code delete}, or {@code mixed}: a third each
 * @param rows how many
 */
record Workload(String store, String operation, int rows) {
    String label() {
        return operation + "." + rows + "." + store;
    }
}
