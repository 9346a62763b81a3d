package io.merklite.wal.replication;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Internal: files that are whole or absent after a crash, of the program or of the machine. */
public final class Durable {
    private Durable() {}

    /** Syncs {@code from}, then gives it the name {@code to} in one step, replacing what had it. */
    static void publish(Path from, Path to) throws IOException {
        sync(from);
        rename(from, to);
        syncDirectory(to);
    }

    /** Puts the content of {@code file} on the disk. */
    public static void sync(Path file) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    /** Gives {@code from} the name {@code to} in one step: whole after a crash of the program, not of the machine. */
    static void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * Makes the names in the directory of {@code file} survive the machine. Windows cannot open a directory, and need
     * not.
     */
    public static void syncDirectory(Path file) throws IOException {
        var directory = file.toAbsolutePath().resolveSibling("");
        if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
