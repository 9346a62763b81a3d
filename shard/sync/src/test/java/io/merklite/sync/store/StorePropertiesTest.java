package io.merklite.sync.store;

import io.merklite.testkit.Seeds;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/** Laws of replicas on real files: what they must agree on, whatever order transactions came in. */
final class StorePropertiesTest {
    private static final int REPLICAS = 3;

    @Property(tries = 150, shrinking = ShrinkingMode.OFF)
    void everyCausalOrderGivesTheSameRowsDigestsAndRoot(@ForAll long seed) throws SQLException {
        var random = Seeds.random(seed);
        List<TestReplica> replicas = new ArrayList<>();
        for (var i = 0; i < REPLICAS; i++) {
            replicas.add(TestReplica.open("r" + i, seed * 31 + i, RandomWrites.SCHEMA));
        }
        var writes = new RandomWrites(random);
        for (var step = 0; step < 30; step++) {
            var replica = replicas.get(random.nextInt(REPLICAS));
            if (random.nextInt(3) > 0) {
                replica.write(writes.next());
            } else {
                replica.catchUpPartly(replicas.get(random.nextInt(REPLICAS)), random);
            }
            replica.requireConsistent();
        }

        TestReplica.requireConvergence(replicas);
        replicas.forEach(TestReplica::close);
    }
}
