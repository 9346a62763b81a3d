package io.merklite.node.security;

import io.merklite.node.NodeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files that only their owner may read. */
public final class SecretFile {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    private SecretFile() {}

    /**
     * Writes {@code text} into a new file.
     *
     * @throws NodeException.UnusableFile if it is there already, or cannot be written
     */
    public static void write(Path file, String text) {
        try {
            var attributes = hasPermissions(file)
                    ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
                    : new FileAttribute<?>[0];
            try (var channel = Files.newByteChannel(
                    file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), attributes)) {
                var bytes = StandardCharsets.UTF_8.encode(text);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
        } catch (FileAlreadyExistsException e) {
            throw new NodeException.UnusableFile(
                    file, "is there already", "Name another file: keys are never overwritten", e);
        } catch (IOException e) {
            throw new NodeException.UnusableFile(file, "cannot be written", "Name a file in a writable folder", e);
        }
    }

    /** Lets nobody but the owner read a file that is there. */
    static void protect(Path file) throws IOException {
        if (hasPermissions(file)) {
            Files.setPosixFilePermissions(file, OWNER_ONLY);
        }
    }

    /** Windows has none of this kind: there the folder's own rules hold. */
    private static boolean hasPermissions(Path file) {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
