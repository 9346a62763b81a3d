package io.merklite.wal.frames;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The running checksum of SQLite's write-ahead log: two sums over pairs of 32-bit words, in the byte order that the
 * file's magic number names (SQLite file format, section 4.2).
 */
final class WalChecksum {
    private static final VarHandle BIG = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LITTLE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private WalChecksum() {}

    /** Goes on from {@code checksum} over {@code size} bytes, a multiple of 8. */
    static long extend(long checksum, boolean isBigEndian, byte[] bytes, int offset, int size) {
        var first = (int) (checksum >>> 32);
        var second = (int) checksum;
        for (var at = offset; at < offset + size; at += 8) {
            first += word(isBigEndian, bytes, at) + second;
            second += word(isBigEndian, bytes, at + 4) + first;
        }
        return ((long) first << 32) | (second & 0xFFFF_FFFFL);
    }

    private static int word(boolean isBigEndian, byte[] bytes, int at) {
        return isBigEndian ? (int) BIG.get(bytes, at) : (int) LITTLE.get(bytes, at);
    }
}
