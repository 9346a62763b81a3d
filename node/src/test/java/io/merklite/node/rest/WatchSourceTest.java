package io.merklite.node.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.replica.Watch;
import io.merklite.sync.vector.VersionVector;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class WatchSourceTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final Watch SOMETHING = new Watch.Gap(VersionVector.EMPTY);

    private final CompletableFuture<Function<Watch, CompletionStage<?>>> listener = new CompletableFuture<>();
    private final AtomicBoolean isLetGo = new AtomicBoolean();

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    private SinkQueueWithCancel<WatchSource.Told> reader(int maxCount) {
        return WatchSource.of(maxCount, Long.MAX_VALUE, told -> {
                    listener.complete(told);
                    return () -> isLetGo.set(true);
                })
                .runWith(
                        Sink.<WatchSource.Told>queue(1)
                                .withAttributes(org.apache.pekko.stream.Attributes.inputBuffer(1, 1)),
                        Materializer.createMaterializer(KIT.system()));
    }

    private static WatchSource.Told next(SinkQueueWithCancel<WatchSource.Told> reader) throws Exception {
        return reader.pull().toCompletableFuture().get(60, TimeUnit.SECONDS).orElseThrow();
    }

    @Test
    void whatIsTakenIsToldToWhoeverTells() throws Exception {
        var reader = reader(4);
        var taken = listener.get(60, TimeUnit.SECONDS).apply(SOMETHING);

        assertThat(next(reader)).isEqualTo(new WatchSource.Told.Said(SOMETHING));

        taken.toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @Test
    void readerThatTakesTooLittleIsToldThatItLagsBehindAllThatWaits() throws Exception {
        var reader = reader(2);
        var tells = listener.get(60, TimeUnit.SECONDS);
        var first = tells.apply(SOMETHING);
        assertThat(next(reader)).isEqualTo(new WatchSource.Told.Said(SOMETHING));
        first.toCompletableFuture().get(60, TimeUnit.SECONDS);
        for (var i = 0; i < 50; i++) {
            var unused = tells.apply(SOMETHING);
        }

        var told = next(reader);
        var count = 0;
        while (told instanceof WatchSource.Told.Said) {
            count++;
            told = next(reader);
        }

        assertThat(told).isEqualTo(WatchSource.Told.Lagged.LAGGED);
        assertThat(count).isLessThan(50);
        assertThat(reader.pull().toCompletableFuture().get(60, TimeUnit.SECONDS))
                .isEmpty();
    }
}
