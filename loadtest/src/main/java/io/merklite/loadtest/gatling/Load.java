package io.merklite.loadtest.gatling;

import static io.gatling.javaapi.core.CoreDsl.constantUsersPerSec;
import static io.gatling.javaapi.core.CoreDsl.nothingFor;

import io.gatling.javaapi.core.OpenInjectionStep;
import java.time.Duration;

/**
 * How much and how long, from system properties.
 *
 * @param length of the load: {@code merklite.seconds}, 30
 * @param factor on all rates and counts: {@code merklite.load}, 1
 * @param rate of single-row writes a second before the factor: {@code merklite.rate}, 200
 * @param isAboutSpeed whether throughput is demanded too: {@code merklite.speed}, true
 */
record Load(Duration length, double factor, double rate, boolean isAboutSpeed) {
    /** Of the rate that is offered, how much must be done: the first and last second are no full ones. */
    private static final double LEAST_SHARE = 0.8;

    private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(4);

    Load {
        if (length.isZero() || length.isNegative() || !(factor > 0) || !(rate > 0)) {
            throw new IllegalArgumentException("merklite.seconds, merklite.load and merklite.rate must be above 0, not "
                    + length + ", " + factor + " and " + rate);
        }
    }

    static Load ofProperties() {
        return new Load(
                Duration.ofSeconds(Long.getLong("merklite.seconds", 30)),
                Double.parseDouble(System.getProperty("merklite.load", "1")),
                Double.parseDouble(System.getProperty("merklite.rate", "200")),
                Boolean.parseBoolean(System.getProperty("merklite.speed", "true")));
    }

    /**
     * How long the load generator and its connections are used before anything is counted: a JVM that has just begun is slower than
     * what it measures. Whole seconds, since Gatling ramps by those.
     */
    Duration warmUp() {
        return Duration.ofSeconds(Math.clamp(length.toSeconds() / 5, 1, LONGEST_WARM_UP.toSeconds()));
    }

    /** Users who come at an even rate, whether or not answers do, when the warm-up is over. */
    OpenInjectionStep[] steady(double perSecond) {
        return new OpenInjectionStep[] {
            nothingFor(warmUp()), constantUsersPerSec(rate(perSecond)).during(length)
        };
    }

    /** {@code perSecond} by the factor. */
    double rate(double perSecond) {
        return perSecond * factor;
    }

    /** {@code count} by the factor, at least 1. */
    int count(int count) {
        return (int) Math.max(1, Math.round(count * factor));
    }

    /** The least rate of requests that is demanded where {@code perSecond} are offered. Gatling's includes the warm-up. */
    double least(double perSecond) {
        var counted = (double) length.toMillis() / length.plus(warmUp()).toMillis();
        return isAboutSpeed ? rate(perSecond) * LEAST_SHARE * counted : 0;
    }
}
