package io.merklite.wal.archive;

import io.merklite.wal.WalException;
import io.merklite.wal.replication.Durable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A store in a directory: a mounted disk or file share that has hard links, by which a complete file gets its name, and
 * only if nobody else has it.
 *
 * <p>What a crash leaves half-written is called {@code .incoming-…}, is never listed, and may be deleted when no writer
 * runs.
 */
public final class DirectoryLogStore implements LogStore {
    private static final String INCOMING = ".incoming-";

    private final Path root;

    /** A store in {@code root}, which is made if it does not exist. */
    public DirectoryLogStore(Path root) {
        this.root = root.toAbsolutePath();
        try {
            Files.createDirectories(this.root);
        } catch (IOException e) {
            throw new WalException.Storage("cannot make " + root, e);
        }
    }

    @Override
    public boolean putIfAbsent(String name, Path content) {
        var target = path(name);
        var incoming = root.resolve(INCOMING + UUID.randomUUID());
        try {
            try {
                Files.createDirectories(target.resolveSibling(""));
                Files.copy(content, incoming);
                Durable.sync(incoming);
                Files.createLink(target, incoming);
                Durable.syncDirectory(target);
                return true;
            } catch (FileAlreadyExistsException e) {
                return false;
            } finally {
                Files.deleteIfExists(incoming);
            }
        } catch (IOException | UnsupportedOperationException e) {
            throw new WalException.Storage("cannot store " + target, e);
        }
    }

    @Override
    public Optional<InputStream> get(String name) {
        try {
            return Optional.of(Files.newInputStream(path(name)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new WalException.Storage("cannot read " + path(name), e);
        }
    }

    @Override
    public List<StoredFile> list(String prefix, String from) {
        try (var paths = Files.walk(root)) {
            return paths.filter(
                            path -> !path.getFileName().toString().startsWith(INCOMING) && Files.isRegularFile(path))
                    .map(this::describe)
                    .filter(file ->
                            file.name().startsWith(prefix) && file.name().compareTo(from) >= 0)
                    .sorted(Comparator.comparing(StoredFile::name))
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            throw new WalException.Storage("cannot list " + root, e);
        }
    }

    private StoredFile describe(Path path) {
        try {
            return new StoredFile(root.relativize(path).toString().replace('\\', '/'), Files.size(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void delete(String name) {
        try {
            Files.deleteIfExists(path(name));
        } catch (IOException e) {
            throw new WalException.Storage("cannot delete " + path(name), e);
        }
    }

    private Path path(String name) {
        return root.resolve(LogStore.requireName(name));
    }
}
