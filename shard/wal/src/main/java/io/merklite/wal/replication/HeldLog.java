package io.merklite.wal.replication;

import io.merklite.wal.WalException;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.LogReader;
import io.merklite.wal.format.Position;
import io.merklite.wal.format.Tip;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * A replica's own, verified copy of a log: its redo journal. Once the copy has its name, the log will be applied,
 * however often the program dies on the way, since writing a page twice does no harm. Before that, nothing has changed.
 *
 * @param path the copy
 * @param follows what the log follows
 * @param last where it leads
 * @param commit the last commit in it that is wanted; {@code follows} if there is none
 * @param isWhole whether all its commits are wanted
 */
record HeldLog(Path path, Tip follows, Tip last, Tip commit, boolean isWhole) {
    private static final String NAME = "-held-";

    /** Copies {@code log} to {@code target} and verifies the copy. If that fails, the copy is gone. */
    static HeldLog copy(Log log, Path target, RestorePoint point) {
        try {
            try (var in = log.openStream()) {
                Files.copy(in, target, StandardCopyOption.REPLACE_EXISTING);
            }
            return verify(target, point);
        } catch (IOException e) {
            Workspace.delete(target);
            throw new WalException.Storage("cannot copy the log to " + target, e);
        } catch (WalException e) {
            Workspace.delete(target);
            throw e;
        }
    }

    /** Reads the whole copy. */
    static HeldLog verify(Path path, RestorePoint point) {
        try (var in = Files.newInputStream(path)) {
            var reader = new LogReader(in);
            var follows = reader.follows();
            var commit = follows;
            var isWhole = true;
            while (reader.next()) {
                for (var index = 0; index < reader.count(); index++) {
                    if (reader.databasePages(index) > 0 && isWhole) {
                        isWhole = point.includes(reader.firstFrame() + index, reader.committedAtMillis(index));
                        commit = isWhole ? reader.commit(index) : commit;
                    }
                }
            }
            return new HeldLog(path, follows, reader.last(), commit, isWhole);
        } catch (IOException e) {
            throw new WalException.Storage("cannot read " + path, e);
        }
    }

    /** The same copy under another name. */
    HeldLog at(Path name) {
        return new HeldLog(name, follows, last, commit, isWhole);
    }

    /** Whether a transaction ends in it. */
    boolean hasCommit() {
        return commit.position().frameNumber() > follows.position().frameNumber();
    }

    /** Writes its frames after {@code applied} and up to {@code commit} to the database. */
    void applyTo(PageFile database, long applied, Tip commit) throws IOException {
        try (var in = Files.newInputStream(path)) {
            database.write(new LogReader(in), applied, commit.position().frameNumber());
        }
    }

    /** The name under which the log that follows {@code position} is held. */
    static Path name(Workspace workspace, Position position) {
        return workspace.beside(NAME + String.format("%016x", position.frameNumber()));
    }

    /** All logs held in {@code workspace}, in order. */
    static List<HeldLog> list(Workspace workspace) {
        return paths(workspace).stream()
                .map(path -> verify(path, RestorePoint.latest()))
                .toList();
    }

    static List<Path> paths(Workspace workspace) {
        var prefix = workspace.database().getFileName() + NAME;
        try (var paths = Files.list(workspace.directory())) {
            return paths.filter(path -> path.getFileName().toString().startsWith(prefix))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new WalException.Storage("cannot list " + workspace.directory(), e);
        }
    }
}
