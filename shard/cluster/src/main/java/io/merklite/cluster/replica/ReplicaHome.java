package io.merklite.cluster.replica;

import io.merklite.cluster.placement.Placement;
import io.merklite.sync.replicate.Event;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * What every replica of a node shares.
 *
 * @param node id of the node
 * @param datacenter name of its datacenter
 * @param directory where its files are
 * @param settings how replicas work
 * @param placement which nodes keep what
 * @param clock wall clock
 * @param random source of origins and jitter
 * @param alarm hears of events that an operator should know, with the database's name
 * @param metrics of all replicas
 * @param copies followers that can be read
 * @param setbacks databases that failed and rest
 * @param generations what has been heard of databases that were made again
 * @param running cancelled when the node stops, with all that reads for clients
 */
public record ReplicaHome(
        String node,
        String datacenter,
        Path directory,
        ReplicaSettings settings,
        Placement placement,
        InstantSource clock,
        RandomGenerator random,
        BiConsumer<String, Event> alarm,
        ReplicaMetrics metrics,
        LocalCopies copies,
        Setbacks setbacks,
        Generations generations,
        Cancellation running) {
    /** What a process leaves that is killed while it makes or fetches a copy of a database. */
    private static final Pattern LEFTOVER =
            Pattern.compile(".+\\.db(\\.copy-[0-9]+(-journal|-wal|-shm)?|\\.part)|.+\\.incarnation\\.part");

    /** Suffix of database files. */
    static final String SUFFIX = ".db";

    /** With the metrics of {@code registry}, and nothing open yet. */
    public static ReplicaHome of(
            String node,
            String datacenter,
            Path directory,
            ReplicaSettings settings,
            Placement placement,
            InstantSource clock,
            RandomGenerator random,
            PrometheusRegistry registry,
            BiConsumer<String, Event> alarm) {
        return new ReplicaHome(
                node,
                datacenter,
                directory,
                settings,
                placement,
                clock,
                random,
                alarm,
                ReplicaMetrics.in(registry),
                new LocalCopies(),
                new Setbacks(settings.restartPause(), settings.maxRestartPause(), clock, random),
                new Generations(),
                Cancellation.ofNode());
    }

    /** The file of a database. */
    public Path file(String database) {
        return directory.resolve(database + SUFFIX);
    }

    /**
     * What tells the file of a database from those that were there before it: kept beside it, since a copy of the file
     * must not bring its own.
     */
    String incarnation(String database) {
        return Files.exists(file(database))
                ? knownIncarnation(database).orElseGet(() -> renewIncarnation(database))
                : renewIncarnation(database);
    }

    /** What the file of a database is told by; nothing if there never was one. */
    Optional<String> knownIncarnation(String database) {
        var path = directory.resolve(database + ".incarnation");
        try {
            return Files.exists(path) ? Optional.of(Files.readString(path).strip()) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + path, e);
        }
    }

    /** The file of a database is about to be made anew: it gets a log of its own. */
    String renewIncarnation(String database) {
        var path = directory.resolve(database + ".incarnation");
        var incarnation = HexFormat.of().toHexDigits(random.nextLong());
        var part = directory.resolve(database + ".incarnation.part");
        try {
            try (var channel = FileChannel.open(
                    part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
                channel.write(StandardCharsets.US_ASCII.encode(incarnation));
                channel.force(true);
            }
            Files.move(part, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("writing " + path, e);
        }
        return incarnation;
    }

    /** Which generation the file of a database is of, that nobody has open; the first if there is none. */
    long generationOf(String database) {
        return Files.exists(file(database)) ? ReplicaCore.generationOf(file(database)) : Generations.FIRST;
    }

    /**
     * Puts the file of a database aside, which nobody has open, under a name that nothing looks for: {@code
     * NAME.db.set-aside-GENERATION-INCARNATION}. It is a whole SQLite file then.
     */
    Path setAside(String database) throws IOException {
        var file = file(database);
        var aside = file.resolveSibling(file.getFileName() + ".set-aside-" + generationOf(database) + "-"
                + knownIncarnation(database).orElse("unknown"));
        ReplicaCore.makeWhole(file);
        Files.move(file, aside, StandardCopyOption.ATOMIC_MOVE);
        syncDirectory();
        delete(database);
        metrics.setAside();
        return aside;
    }

    /** Deletes everything of a database; its log goes by retention. */
    void delete(String database) throws IOException {
        for (var suffix : List.of(SUFFIX, SUFFIX + "-wal", SUFFIX + "-shm", ".incarnation")) {
            Files.deleteIfExists(directory.resolve(database + suffix));
        }
    }

    /** Deletes what a process has left that was killed while it made or fetched copies. Nobody may do so now. */
    void deleteLeftovers() throws IOException {
        try (var files = Files.list(directory)) {
            for (var file : files.filter(found ->
                            LEFTOVER.matcher(found.getFileName().toString()).matches())
                    .toList()) {
                Files.delete(file);
            }
        }
    }

    ReplicaCore open(String database) {
        var isNew = !Files.exists(file(database));
        incarnation(database);
        var core = ReplicaCore.open(file(database), database, settings, clock, random, event -> {
            metrics.happened(event, clock.millis());
            alarm.accept(database, event);
        });
        if (isNew) {
            syncDirectory();
        }
        return core;
    }

    /**
     * Has the names of new files survive a power cut. A file without content gets all of it back from its log; one that is
     * not there counts as a new one, and its log as that of another.
     */
    void syncDirectory() {
        if (!FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            return; // Windows does not open directories, and writes names by itself
        }
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            throw new UncheckedIOException("syncing " + directory, e);
        }
    }
}
