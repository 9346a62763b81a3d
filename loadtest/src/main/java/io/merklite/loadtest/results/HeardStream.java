package io.merklite.loadtest.results;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** A stream of text whose lines are told to someone too, as they are printed. Thread-safe, as print streams are. */
public final class HeardStream extends PrintStream {
    /** Hears a line, without its end. */
    @FunctionalInterface
    public interface Listener {
        void hear(String line) throws IOException;
    }

    /** Prints to {@code out} what is printed here. */
    public HeardStream(OutputStream out, Listener listener) {
        super(new Split(out, listener), true, StandardCharsets.UTF_8);
    }

    private static final class Split extends OutputStream {
        private final OutputStream out;
        private final Listener listener;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        Split(OutputStream out, Listener listener) {
            this.out = out;
            this.listener = listener;
        }

        @Override
        public void write(int next) throws IOException {
            out.write(next);
            if (next == '\n') {
                listener.hear(line.toString(StandardCharsets.UTF_8));
                line.reset();
            } else {
                line.write(next);
            }
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }
    }
}
