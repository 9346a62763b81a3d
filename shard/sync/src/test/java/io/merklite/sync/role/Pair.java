package io.merklite.sync.role;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/** A master and a replica with a file each. */
final class Pair implements AutoCloseable {
    private final RoleMessageCodec codec = new RoleMessageCodec();
    final End there;
    final End here;
    final Master master;
    final Replica replica;

    private Pair(End there, End here, UnaryOperator<RoleOptions> masters, UnaryOperator<RoleOptions> replicas) {
        this.there = there;
        this.here = here;
        this.master = Master.open(there.store(), masters.apply(End.options()));
        this.replica = Replica.open(here.store(), replicas.apply(End.options()));
    }

    static Pair of(String... ddl) {
        return of(UnaryOperator.identity(), UnaryOperator.identity(), ddl);
    }

    static Pair of(UnaryOperator<RoleOptions> masters, UnaryOperator<RoleOptions> replicas, String... ddl) {
        return new Pair(End.open(ddl), End.open(ddl), masters, replicas);
    }

    static Pair of(End there, End here) {
        return of(there, here, UnaryOperator.identity(), UnaryOperator.identity());
    }

    static Pair of(End there, End here, UnaryOperator<RoleOptions> masters, UnaryOperator<RoleOptions> replicas) {
        return new Pair(there, here, masters, replicas);
    }

    /** With some rows on both sides, and the replica live. */
    static Pair live(String... ddl) {
        return live(UnaryOperator.identity(), ddl);
    }

    static Pair live(UnaryOperator<RoleOptions> replicas, String... ddl) {
        var pair = of(UnaryOperator.identity(), replicas, ddl);
        pair.handshake();
        return pair;
    }

    /** Everything through its bytes. */
    RoleMessage sent(RoleMessage message) {
        return codec.decode(codec.encode(message));
    }

    List<RoleMessage> handshake() {
        return talk(replica.hello());
    }

    List<RoleMessage> converge() {
        return talk(replica.converge());
    }

    /** Goes to and fro until nobody answers; all that was said. */
    List<RoleMessage> talk(RoleMessage first) {
        List<RoleMessage> said = new ArrayList<>();
        List<RoleMessage> toMaster = List.of(first);
        while (!toMaster.isEmpty()) {
            said.addAll(toMaster);
            List<RoleMessage> answers = new ArrayList<>();
            toMaster.forEach(message -> answers.addAll(master.handleMessage(sent(message))));
            said.addAll(answers);
            List<RoleMessage> next = new ArrayList<>();
            answers.forEach(
                    message -> next.addAll(replica.handleMessage(sent(message)).answers()));
            toMaster = next;
        }
        return said;
    }

    /** What the master has committed goes to the replica. */
    List<Outcome> deliver() {
        List<Outcome> outcomes = new ArrayList<>();
        for (var message : master.flush()) {
            outcomes.add(replica.handleMessage(sent(message)));
        }
        return outcomes;
    }

    void requireEqual(String table) {
        var sql = "SELECT * FROM " + table + " ORDER BY 1";
        Set<String> ours = new HashSet<>(here.query(sql));
        Set<String> theirs = new HashSet<>(there.query(sql));
        assertThat(ours.stream().filter(row -> !theirs.contains(row)).toList()).isEmpty();
        assertThat(theirs.stream().filter(row -> !ours.contains(row)).toList()).isEmpty();
        assertThat(here.store().scrub().run()).isEmpty();
    }

    @Override
    public void close() {
        replica.close();
        master.close();
        here.close();
        there.close();
    }
}
