package io.merklite.testkit;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;

/**
 * Seeds of random tests. {@code -Dmerklite.seed=N} runs that seed alone, which replays a failure; otherwise a suite runs
 * the seeds from 1 up, so that every build runs the same ones.
 */
public final class Seeds {
    private Seeds() {}

    /** The seeds to run: 1 to {@code count}, or the one given on the command line. */
    public static LongStream upTo(long count) {
        var given = System.getProperty("merklite.seed", "");
        return given.isBlank() ? LongStream.rangeClosed(1, count) : LongStream.of(Long.parseLong(given.strip()));
    }

    /** How many runs a suite makes: the number of property {@code name}, or {@code usual} where that is unset. */
    public static int count(String name, int usual) {
        var given = System.getProperty(name, "");
        return given.isBlank() ? usual : Integer.parseInt(given.strip());
    }

    /** A generator for {@code seed}: the same numbers on every JDK. */
    public static RandomGenerator random(long seed) {
        return new SplittableRandom(seed);
    }

    /** Runs {@code body} with a generator for {@code seed}; a failure names the seed and how to replay it. */
    public static void run(long seed, SeededBody body) {
        try {
            body.run(random(seed));
        } catch (Exception | AssertionError e) {
            throw new AssertionError("seed " + seed + " failed; replay it with -Dmerklite.seed=" + seed + ": " + e, e);
        }
    }

    /** A test body that draws from a generator. */
    @FunctionalInterface
    public interface SeededBody {
        void run(RandomGenerator random) throws Exception;
    }
}
