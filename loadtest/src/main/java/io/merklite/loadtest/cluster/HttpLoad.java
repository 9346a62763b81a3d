package io.merklite.loadtest.cluster;

import io.merklite.loadtest.cluster.Callers.Seen;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import java.util.function.Predicate;

/**
 * Connections in a closed loop: each posts again when it was answered, and looks at the answer.
 *
 * @param address of the server
 * @param path posted to
 * @param headers further lines, each with its line break
 * @param isGood whether a body with status 200 says that all was done
 */
record HttpLoad(InetSocketAddress address, String path, String headers, Predicate<String> isGood) {
    private static final int OK = 200;

    /** A server on this machine. */
    static HttpLoad to(int port, String path, Predicate<String> isGood) {
        return new HttpLoad(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), path, "", isGood);
    }

    HttpLoad withHeader(String name, String value) {
        return new HttpLoad(address, path, headers + name + ": " + value + "\r\n", isGood);
    }

    /** Posts for {@code duration}; {@code body} gets numbers that never come twice in this process. */
    Seen run(int connections, Duration duration, LongFunction<String> body) throws InterruptedException {
        var seen = new Callers.Log();
        var end = System.nanoTime() + duration.toNanos();
        var threads = new Thread[connections];
        for (var i = 0; i < connections; i++) {
            threads[i] = Thread.ofVirtual().start(() -> loop(body, seen, () -> System.nanoTime() < end));
        }
        for (var thread : threads) {
            thread.join();
        }
        return seen.seen();
    }

    /** Posts {@code count} times in all. */
    Seen post(int connections, int count, LongFunction<String> body) throws InterruptedException {
        var seen = new Callers.Log();
        var left = new AtomicLong(count);
        var threads = new Thread[connections];
        for (var i = 0; i < connections; i++) {
            threads[i] = Thread.ofVirtual().start(() -> loop(body, seen, () -> left.getAndDecrement() > 0));
        }
        for (var thread : threads) {
            thread.join();
        }
        return seen.seen();
    }

    /** Posts once; the body of the answer. */
    String post(String body) {
        try (var http = new RawHttp(address, path, headers)) {
            if (http.post(body) != OK || !isGood.test(http.body())) {
                throw new IllegalStateException(body + " was answered with " + http.body());
            }
            return http.body();
        } catch (IOException e) {
            throw new IllegalStateException("posting to " + address + path, e);
        }
    }

    private void loop(LongFunction<String> body, Callers.Log seen, java.util.function.BooleanSupplier goesOn) {
        try (var http = new RawHttp(address, path, headers)) {
            while (goesOn.getAsBoolean()) {
                var json = body.apply(Callers.nextNumber());
                var begun = System.nanoTime();
                var status = http.post(json);
                if (status == OK && isGood.test(http.body())) {
                    seen.answered(System.nanoTime() - begun);
                } else {
                    seen.failed("status " + status + ": " + http.body());
                }
            }
        } catch (IOException e) {
            seen.failed(e.toString());
        }
    }
}
