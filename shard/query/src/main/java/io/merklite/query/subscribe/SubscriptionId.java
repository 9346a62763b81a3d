package io.merklite.query.subscribe;

/**
 * A subscription of one {@link Subscriptions}.
 *
 * @param value from 1; never used twice
 */
public record SubscriptionId(long value) {}
