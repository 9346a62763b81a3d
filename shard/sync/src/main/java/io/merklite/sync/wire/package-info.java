/**
 * Primitives of all binary formats of this module: numbers, byte strings, vectors, and nothing that knows a message.
 *
 * <p>{@link io.merklite.sync.wire.WireReader} trusts nothing: every length is held against what is left before memory is
 * taken, and an error names the offset. Numbers of fixed size are big-endian; {@code varint} is LEB128 (seven bits a
 * byte, least significant first, at most nine bytes).
 */
@NullMarked
package io.merklite.sync.wire;

import org.jspecify.annotations.NullMarked;
