package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException.JournalUnsupported;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializers;

/** Events and snapshots to payloads and back, by the serializers that the actor system has for them. Thread-safe. */
final class PayloadCodec {
    private final Serialization serialization;
    private final int maxSizeBytes;

    PayloadCodec(ActorSystem system, int maxSizeBytes) {
        this.serialization = SerializationExtension.get(system);
        this.maxSizeBytes = maxSizeBytes;
    }

    /**
     * The payload of {@code content}.
     *
     * @throws JournalUnsupported if it is too large; other failures are those of the serializer
     */
    Payload encode(Object content) {
        // Not Serializer.toBinary: only this way can actor references in it be written.
        var bytes = serialization.serialize(content).get();
        if (bytes.length > maxSizeBytes) {
            throw new JournalUnsupported(
                    "an event of " + bytes.length + " bytes, allowed are " + maxSizeBytes,
                    "Write less in one transaction, or raise merklite.journal.max-event-size");
        }
        var serializer = serialization.findSerializerFor(content);
        return Payload.wrap(serializer.identifier(), Serializers.manifestFor(serializer, content), bytes);
    }

    Object decode(Payload payload) {
        return serialization
                .deserialize(payload.bytes(), payload.serializerId(), payload.manifest())
                .get();
    }
}
