package io.merklite.testkit.offender;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** Breaks every rule, to prove that the rules bite. */
final class Offender {
    long clock() {
        return System.currentTimeMillis();
    }

    void sleep() throws InterruptedException {
        Thread.sleep(1);
    }

    Executor executor() {
        return Executors.newSingleThreadExecutor();
    }

    void print() {
        System.out.println();
    }

    void serialize(OutputStream out) throws IOException {
        new ObjectOutputStream(out).close();
    }
}
