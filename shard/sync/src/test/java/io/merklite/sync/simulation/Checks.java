package io.merklite.sync.simulation;

import static org.assertj.core.api.Assertions.assertThat;

/** What must hold when all is over. */
final class Checks {
    private final Simulation simulation;

    Checks(Simulation simulation) {
        this.simulation = simulation;
    }

    void check() {
        var first = simulation.replicas().getFirst();
        for (var replica : simulation.replicas()) {
            assertThat(replica.dump()).as(replica.name()).isEqualTo(first.dump());
            assertThat(replica.query("PRAGMA foreign_key_check")).isEmpty();
            assertThat(replica.store().scrub().run()).isEmpty();
        }
    }
}
