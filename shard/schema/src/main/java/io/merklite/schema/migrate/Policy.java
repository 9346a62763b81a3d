package io.merklite.schema.migrate;

import io.merklite.schema.SchemaException;
import io.merklite.schema.plan.MigrationPlan;
import io.merklite.schema.plan.Operation;
import java.sql.SQLException;
import java.util.Set;

/** Refuses a plan that does more than its caller permits, at the first operation that does. */
final class Policy {
    private final Set<Allow> allowed;
    private final Losses losses;

    Policy(Set<Allow> allowed, Losses losses) {
        this.allowed = Set.copyOf(allowed);
        this.losses = losses;
    }

    void check(MigrationPlan plan) throws SQLException {
        for (var operation : plan.operations()) {
            check(operation);
        }
    }

    private void check(Operation operation) throws SQLException {
        var mayRebuild = allowed.contains(Allow.REBUILD) || (operation.loosensOnly() && allowed.contains(Allow.LOOSEN));
        if (operation.requiresRebuild() && !mayRebuild) {
            throw new SchemaException.RebuildRefused(
                    operation.label(),
                    operation.loosensOnly() ? "Permit LOOSEN or REBUILD; it only loosens" : "Permit REBUILD");
        }
        if (operation.isDataDependent() && !allowed.contains(Allow.DATA_DEPENDENT)) {
            throw new SchemaException.BreakingChange(operation.label());
        }
        if (operation.isDestructive() && !allowed.contains(Allow.DESTRUCTIVE)) {
            var lost = losses.of(operation);
            throw new SchemaException.DestructiveRefused(
                    operation.label() + (lost.isEmpty() ? "" : "; it would lose " + String.join(", ", lost)));
        }
    }
}
