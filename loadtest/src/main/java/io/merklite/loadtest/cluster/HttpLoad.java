package io.merklite.loadtest.cluster;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/** Connections in a closed loop: each posts again when it was answered, and looks at the answer. */
final class HttpLoad {
    private static final String OK = "\"type\":\"ok\"";
    private static final String ERROR = "\"error\"";

    private HttpLoad() {}

    /** Answers a second; {@code body} gets the number of the request. */
    static double run(
            InetSocketAddress address, String path, int connections, Duration duration, LongFunction<String> body)
            throws InterruptedException {
        var number = new AtomicLong();
        var answered = new AtomicLong();
        var begin = System.nanoTime();
        var end = begin + duration.toNanos();
        var threads = new Thread[connections];
        for (var i = 0; i < connections; i++) {
            threads[i] = Thread.ofVirtual().start(() -> post(address, path, end, number, answered, body));
        }
        for (var thread : threads) {
            thread.join();
        }
        return answered.get() / ((System.nanoTime() - begin) / 1e9);
    }

    private static void post(
            InetSocketAddress address,
            String path,
            long end,
            AtomicLong number,
            AtomicLong answered,
            LongFunction<String> body) {
        try (var http = new RawHttp(address, path)) {
            while (System.nanoTime() < end) {
                var status = http.post(body.apply(number.incrementAndGet()));
                if (status != 200 || !http.body().contains(OK) || http.body().contains(ERROR)) {
                    throw new IllegalStateException("status " + status + ": " + http.body());
                }
                answered.incrementAndGet();
            }
        } catch (IOException e) {
            throw new IllegalStateException("posting to " + path, e);
        }
    }
}
