package io.merklite.loadtest.gatling;

/** Everything at the same time, for the build: short, and about errors. */
public final class AllAtOnce extends ClusterSimulation {
    public AllAtOnce() {
        super(
                SingleRowWrites::part,
                MixedReadsAndWrites::part,
                HotRows::part,
                LargeTransactions::part,
                SubscriptionFanOut::part,
                ManyDatabases::part,
                ReadsElsewhere::part);
    }
}
