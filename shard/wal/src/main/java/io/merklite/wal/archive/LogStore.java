package io.merklite.wal.archive;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A durable place for files under names, as an {@link Archive} needs it. Names are lower-case letters, digits, {@code
 * -} and {@code .}, in parts separated by {@code /}.
 *
 * <p><b>Threading.</b> Thread-safe, also between processes. All methods block, and throw {@link
 * io.merklite.wal.WalException.Storage} when the place fails.
 */
public interface LogStore {
    /** What a name may be. */
    Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*)*");

    /** A file that is there. */
    record StoredFile(String name, long sizeBytes) {}

    /**
     * Stores a copy of {@code content}. When this returns true, the file survives the machine; until then nobody sees
     * any of it.
     *
     * @return false, with no effect, if the name is taken: of two that try at the same time one gets true
     */
    boolean putIfAbsent(String name, Path content);

    /** The content from its first byte, to be closed by the caller; empty if there is no such file. */
    Optional<InputStream> get(String name);

    /** All files whose name begins with {@code prefix} and is not less than {@code from}, by name. */
    List<StoredFile> list(String prefix, String from);

    /** Removes the file; does nothing if there is none. */
    void delete(String name);

    /** Returns {@code name} if it is allowed. */
    static String requireName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("name = " + name + ", must match " + NAME);
        }
        return name;
    }
}
