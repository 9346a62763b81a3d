package io.merklite.loadtest.faults;

import io.merklite.loadtest.local.LocalNodes;
import io.merklite.loadtest.local.NodeApi;
import io.merklite.sync.vector.VersionVector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The tables of the load.
 *
 * <p>{@code register}: rows that are there from the beginning, in groups that are written together, by all clients: contention, atomicity.
 * {@code entry}: rows of which each is written once: nothing may be lost. {@code claim}: rows with a slot that only one may have;
 * those that two datacenters accepted at the same time end in the conflicts ledger.
 */
final class Tables {
    static final String DATABASE = "faults";
    static final int GROUP_COUNT = 8;
    static final int GROUP_SIZE = 3;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final String SCHEMA = """
            CREATE TABLE register(id TEXT PRIMARY KEY, grp INTEGER, value INTEGER);
            CREATE TABLE entry(id TEXT PRIMARY KEY, value INTEGER);
            CREATE TABLE claim(id TEXT PRIMARY KEY, slot INTEGER UNIQUE, value INTEGER);
            """;

    /** All rows, as keys and values of a history. */
    static final String ALL =
            "SELECT id, value FROM register UNION ALL SELECT id, value FROM entry UNION ALL SELECT id, value FROM claim";

    private Tables() {}

    static void create(NodeApi node) {
        node.create(DATABASE, SCHEMA);
        List<List<Object>> rows = new ArrayList<>();
        for (var group = 0; group < GROUP_COUNT; group++) {
            for (var id : register(group)) {
                rows.add(List.of("INSERT OR IGNORE INTO register VALUES (?, ?, 0)", id, group));
            }
        }
        LocalNodes.await(
                "rows of the registers",
                PATIENCE,
                () -> node.transaction(DATABASE, rows, VersionVector.EMPTY, "local") instanceof NodeApi.Answer.Done);
    }

    /** Keys of a group. */
    static List<String> register(int group) {
        return IntStream.range(0, GROUP_SIZE)
                .mapToObj(row -> "register-" + group + "-" + row)
                .toList();
    }

    static List<List<Object>> setRegister(int group, long value) {
        return register(group).stream()
                .map(id -> List.<Object>of("UPDATE register SET value = ? WHERE id = ?", value, id))
                .toList();
    }

    static List<List<Object>> addEntry(String id, long value) {
        return List.of(List.of("INSERT INTO entry VALUES (?, ?)", id, value));
    }

    static List<List<Object>> addClaim(String id, long slot, long value) {
        return List.of(List.of("INSERT INTO claim VALUES (?, ?, ?)", id, slot, value));
    }

    /** One snapshot of a group and some entries. */
    static List<Object> read(int group, List<String> entries) {
        List<Object> statement = new ArrayList<>();
        var places = entries.stream().map(id -> "?").collect(Collectors.joining(", "));
        statement.add("SELECT id, value FROM register WHERE grp = ? UNION ALL SELECT id, value FROM entry WHERE id IN ("
                + places + ")");
        statement.add(group);
        statement.addAll(entries);
        return statement;
    }
}
