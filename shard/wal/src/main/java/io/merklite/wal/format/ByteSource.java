package io.merklite.wal.format;

import java.io.IOException;
import java.io.InputStream;

/**
 * Where the bytes of a snapshot or log come from: a file, an object in a store, memory. Each call starts at the first
 * byte.
 */
@FunctionalInterface
public interface ByteSource {
    /** A fresh stream over all bytes; the caller closes it. */
    InputStream open() throws IOException;
}
