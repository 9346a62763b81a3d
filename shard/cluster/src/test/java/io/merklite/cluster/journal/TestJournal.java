package io.merklite.cluster.journal;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.LongStream;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** An actor system with a journal of its own. Closing it ends both. */
final class TestJournal implements AutoCloseable {
    static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");

    private static final int BYTES_SERIALIZER = 4;
    private static final int LIMIT_SECONDS = 60;

    final ActorSystem<Void> system;
    final NodeJournal journal;
    final PrometheusRegistry registry = new PrometheusRegistry();

    private TestJournal(Path file, String... settings) {
        system = ActorSystem.create(
                Behaviors.<Void>ignore(),
                "journal",
                ActorSystemSetup.create(
                        BootstrapSetup.create(config(file, settings)),
                        new JournalSetup(registry, InstantSource.fixed(NOW))));
        journal = NodeJournal.get(system);
    }

    static TestJournal open(Path file, String... settings) {
        return new TestJournal(file, settings);
    }

    static Config config(Path file, String... settings) {
        return ConfigFactory.parseString(String.join("\n", settings))
                .withFallback(ConfigFactory.parseString("merklite.journal.path = \"" + file + "\""))
                .withFallback(ConfigFactory.load());
    }

    static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new CompletionException(e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    static StoredEvent event(long sequenceNr, String content) {
        return event(sequenceNr, content.getBytes(StandardCharsets.UTF_8));
    }

    static StoredEvent event(long sequenceNr, byte[] content) {
        return new StoredEvent(sequenceNr, "writer", NOW.toEpochMilli(), Payload.wrap(BYTES_SERIALIZER, "", content));
    }

    static StoredSnapshot snapshot(long sequenceNr, long timestampMillis, String content) {
        return new StoredSnapshot(
                sequenceNr,
                timestampMillis,
                Payload.wrap(BYTES_SERIALIZER, "", content.getBytes(StandardCharsets.UTF_8)));
    }

    /** Writes events with these numbers, at once, each with its number as content. */
    void write(String persistenceId, long... sequenceNrs) {
        await(journal.write(
                persistenceId,
                LongStream.of(sequenceNrs)
                        .mapToObj(sequenceNr -> event(sequenceNr, persistenceId + sequenceNr))
                        .toList()));
    }

    List<StoredEvent> read(String persistenceId, long first, long last, long limit) {
        List<StoredEvent> events = new ArrayList<>();
        var next = first;
        while (true) {
            var page = await(journal.readEvents(persistenceId, next, last, limit - events.size()));
            events.addAll(page.events());
            if (page.isLast() || events.size() == limit) {
                return events;
            }
            next = page.events().getLast().sequenceNr() + 1;
        }
    }

    List<Long> numbers(String persistenceId) {
        return read(persistenceId, 1, Long.MAX_VALUE, Long.MAX_VALUE).stream()
                .map(StoredEvent::sequenceNr)
                .toList();
    }

    long highest(String persistenceId) {
        return await(journal.readHighest(persistenceId));
    }

    @Override
    public void close() {
        system.terminate();
        await(system.getWhenTerminated());
    }
}
