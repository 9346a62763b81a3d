package io.merklite.loadtest.gatling;

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

    /** {@code perSecond} by the factor. */
    double rate(double perSecond) {
        return perSecond * factor;
    }

    /** {@code count} by the factor, at least 1. */
    int count(int count) {
        return (int) Math.max(1, Math.round(count * factor));
    }

    /** The least rate of requests that is demanded where {@code perSecond} are offered. */
    double least(double perSecond) {
        return isAboutSpeed ? rate(perSecond) * LEAST_SHARE : 0;
    }
}
