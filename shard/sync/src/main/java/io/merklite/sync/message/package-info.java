/**
 * What replicas say to each other.
 *
 * <p>Every {@link io.merklite.sync.message.SyncMessage} may be lost, repeated, reordered or late: none of them means more
 * than it says, and what it asks for can be asked again. {@link io.merklite.sync.message.SyncMessageCodec} turns them
 * into bytes.
 */
@NullMarked
package io.merklite.sync.message;

import org.jspecify.annotations.NullMarked;
