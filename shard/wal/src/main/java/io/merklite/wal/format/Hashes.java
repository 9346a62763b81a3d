package io.merklite.wal.format;

import net.jpountz.xxhash.XXHash64;
import net.jpountz.xxhash.XXHashFactory;

/**
 * The two uses of XXH64 in the format: the checksum of stored bytes, and the chain over frames.
 *
 * <p>XXH64 comes with the LZ4 library, checks some ten gigabytes a second, and takes a seed, so that a checksum can
 * depend on the one before it. CRC32C would be as fast, and leaves one damaged log in four billion unnoticed; this one
 * none that will ever be written. Neither withstands an attacker: whoever can write to the store can write anything.
 */
final class Hashes {
    private static final XXHash64 XXH64 = XXHashFactory.fastestInstance().hash64();
    private static final long ODD = 0x9E37_79B9_7F4A_7C15L;

    private Hashes() {}

    static long checksum(byte[] bytes, int offset, int size, long seed) {
        return XXH64.hash(bytes, offset, size, seed);
    }

    /**
     * The chain after one more frame: XXH64 of the page, seeded with {@code (previous · K + (pageNumber << 32 |
     * databasePages)) · K}, K = 0x9E3779B97F4A7C15. Multiplication by an odd number loses nothing, so the seed tells
     * any two values of either apart.
     */
    static long chain(long previous, int pageNumber, int databasePages, byte[] bytes, int offset, int pageSize) {
        var header = ((long) pageNumber << 32) | (databasePages & 0xFFFF_FFFFL);
        return XXH64.hash(bytes, offset, pageSize, (previous * ODD + header) * ODD);
    }
}
