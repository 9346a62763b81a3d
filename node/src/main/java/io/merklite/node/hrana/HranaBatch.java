package io.merklite.node.hrana;

import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlStep;
import io.merklite.cluster.sql.StepCondition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A batch as it came. Conditions name earlier steps only: decoders see to it. */
record HranaBatch(List<Step> steps) {
    HranaBatch {
        steps = List.copyOf(steps);
    }

    /** A statement, and when it runs. */
    record Step(HranaStatement statement, Optional<StepCondition> condition) {}

    SqlRequest.Batch resolve(StoredSql stored) {
        List<SqlStep> resolved = new ArrayList<>(steps.size());
        for (var step : steps) {
            resolved.add(new SqlStep(step.statement().resolve(stored), step.condition()));
        }
        return new SqlRequest.Batch(resolved);
    }
}
