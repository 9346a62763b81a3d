package io.merklite.loadtest.local;

import com.fasterxml.jackson.databind.JsonNode;
import io.merklite.sync.database.Database;
import io.merklite.sync.database.DatabaseOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** What the nodes of a cluster have of one database. */
public final class Replicas {
    private static final String SUFFIX = ".db";

    private final LocalNodes cluster;
    private final String database;

    /**
     * One replica, as its file is.
     *
     * @param root of its merkle index, in hex
     * @param values first column to second column of the query, 0 for what is no number
     * @param complaints of SQLite's integrity check, and of the comparison of all rows with their digests
     */
    public record Copy(String root, Map<String, Long> values, List<String> complaints) {
        public Copy {
            values = Map.copyOf(values);
            complaints = List.copyOf(complaints);
        }
    }

    /** The replicas of {@code database}. */
    public Replicas(LocalNodes cluster, String database) {
        this.cluster = cluster;
        this.database = database;
    }

    /**
     * Waits until all datacenters have the same transactions and the same root, and all copies have what their writer has.
     *
     * @throws IllegalStateException if that does not happen within {@code patience}
     */
    public void awaitEqual(Duration patience) {
        if (!Waiting.until(patience, () -> difference().isEmpty())) {
            throw new IllegalStateException("replicas have not become equal within " + patience + ": "
                    + difference().orElse("equal just now"));
        }
    }

    /** What keeps them from being equal. */
    private Optional<String> difference() {
        Set<String> roots = new HashSet<>();
        Set<String> vectors = new HashSet<>();
        for (var node : cluster.nodes()) {
            if (!(NodeApi.of(node).status(database) instanceof NodeApi.Answer.Done done)) {
                return Optional.of(node + " does not answer");
            }
            var status = done.body();
            roots.add(status.path("root").asText());
            vectors.add(status.path("vector").toString());
            var lagging = laggingCopy(status, node);
            if (lagging.isPresent()) {
                return lagging;
            }
        }
        return roots.size() == 1 && vectors.size() == 1
                ? Optional.empty()
                : Optional.of("roots " + roots + ", vectors " + vectors);
    }

    private Optional<String> laggingCopy(JsonNode status, LocalNode node) {
        var seen = new HashSet<String>();
        for (var copy : status.path("copies")) {
            seen.add(copy.path("peer").asText());
            if (copy.path("lagTransactionCount").asLong() > 0) {
                return Optional.of(copy.path("peer").asText() + " lags behind the writer that " + node + " asked");
            }
        }
        var others = cluster.nodes().stream()
                .filter(other -> other.datacenter().equals(node.datacenter()))
                .count();
        return seen.size() + 1 < others
                ? Optional.of("the writer that " + node + " asked knows of copies at " + seen + " only")
                : Optional.empty();
    }

    /**
     * What each node has in its file. All nodes must have stopped, and the replicas been equal.
     *
     * <p>A node may have been stopped before it had forgotten the deaths that another one had: all do so first, since roots
     * compare only between replicas that have forgotten the same ones.
     *
     * @param query whose rows are a key and a number
     */
    public Map<String, Copy> inFiles(String query) {
        Map<String, Path> files = new TreeMap<>();
        var horizon = Long.MIN_VALUE;
        for (var node : cluster.nodes()) {
            try {
                var file = copied(node);
                files.put(node.name(), file);
                try (var opened = opened(file)) {
                    horizon = Math.max(horizon, opened.store().horizon());
                }
            } catch (IOException e) {
                throw new UncheckedIOException("copying the file of " + node, e);
            }
        }
        Map<String, Copy> copies = new TreeMap<>();
        for (var file : files.entrySet()) {
            copies.put(file.getKey(), inFile(file.getValue(), horizon, query));
        }
        return copies;
    }

    private Database opened(Path file) {
        var options = DatabaseOptions.of(database, InstantSource.system(), new SplittableRandom(file.hashCode()))
                .withSchemaReplication();
        return Database.open(file.toString(), options);
    }

    private Copy inFile(Path file, long horizon, String query) {
        try (var opened = opened(file)) {
            opened.store().raiseHorizon(horizon);
            List<String> complaints = new ArrayList<>();
            var root = HexFormat.of().toHexDigits(opened.store().root());
            opened.store().scrub().run().forEach(damage -> complaints.add("rows and index differ: " + damage));
            for (var answer : column(opened, "PRAGMA integrity_check")) {
                if (!answer.equals("ok")) {
                    complaints.add("integrity_check: " + answer);
                }
            }
            return new Copy(root, values(opened, query), complaints);
        } catch (SQLException e) {
            throw new IllegalStateException("reading " + file, e);
        }
    }

    /** A copy, as opening a file may write into it. */
    private Path copied(LocalNode node) throws IOException {
        Path source;
        try (var files = Files.walk(node.data())) {
            source = files.filter(file -> file.getFileName().toString().equals(database + SUFFIX))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException(node + " has no file of " + database));
        }
        var folder = Files.createDirectories(node.directory().resolve("end"));
        for (var suffix : List.of("", "-wal")) {
            var file = source.resolveSibling(source.getFileName() + suffix);
            if (Files.exists(file)) {
                Files.copy(file, folder.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        return folder.resolve(source.getFileName());
    }

    private static List<String> column(Database database, String sql) throws SQLException {
        List<String> values = new ArrayList<>();
        try (var statement = database.connection().createStatement();
                var rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                values.add(rows.getString(1));
            }
        }
        return values;
    }

    private static Map<String, Long> values(Database database, String sql) throws SQLException {
        Map<String, Long> values = new TreeMap<>();
        try (var statement = database.connection().createStatement();
                var rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                values.put(rows.getString(1), rows.getLong(2));
            }
        }
        return values;
    }
}
