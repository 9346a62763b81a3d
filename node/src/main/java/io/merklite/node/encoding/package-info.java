/**
 * Bytes on their way out: a growing buffer and JSON written straight into it.
 *
 * <p>Answers of a node are small and many, or few and huge. Both want the same: no tree of objects between a result and
 * its bytes, no copy at the end, and the chance to take back what turned out too large. {@link
 * io.merklite.node.encoding.ByteOutput} is that buffer; {@link io.merklite.node.encoding.JsonWriter} writes JSON into
 * it that is valid whatever the strings hold, lone surrogates and infinities included, which generators of JSON refuse.
 */
@NullMarked
package io.merklite.node.encoding;

import org.jspecify.annotations.NullMarked;
