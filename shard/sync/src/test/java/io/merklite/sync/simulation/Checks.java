package io.merklite.sync.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.schema.structure.Schema;

/**
 * What must hold when all is over: equal rows, no orphan, an index that fits, and every acknowledged write visible,
 * beaten, or ended by a death that was forgotten since.
 */
final class Checks {
    private final Simulation simulation;

    Checks(Simulation simulation) {
        this.simulation = simulation;
    }

    void check() {
        var first = simulation.replicas().getFirst();
        var schema = Schema.extract(first.connection());
        for (var replica : simulation.replicas()) {
            assertThat(Schema.extract(replica.connection())).as(replica.name()).isEqualTo(schema);
            assertThat(replica.dump()).as(replica.name()).isEqualTo(first.dump());
            assertThat(replica.query("PRAGMA foreign_key_check")).isEmpty();
            assertThat(replica.store().scrub().run()).isEmpty();
        }
        for (var replica : simulation.replicas()) {
            for (var transaction : replica.acknowledged()) {
                // Rows are equal everywhere by now, so whoever can read the transaction may answer.
                var reader = simulation.replicas().stream()
                        .map(SimulatedReplica::store)
                        .filter(store -> store.knowsSchema(transaction.schemaFingerprint()))
                        .findFirst()
                        .orElseThrow();
                assertThat(reader.goneTables(transaction))
                        .as("tables of %s of %s, where none is ever dropped", transaction, replica.name())
                        .isEmpty();
                assertThat(simulation.lost(transaction, reader))
                        .as("%s of %s", transaction, replica.name())
                        .isEmpty();
            }
        }
    }
}
