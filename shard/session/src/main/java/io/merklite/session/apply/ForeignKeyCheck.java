package io.merklite.session.apply;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.statement.SqlStatements;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which foreign keys an apply has violated, found by looking at the tables before and after.
 *
 * <p>Looked at are the keys that a write to the tables entered can violate, no others. A violation is told from another
 * by its row and the values of its key: a row that referred to nothing before, and still does to the same, is not new.
 *
 * <p><b>Cost.</b> For each key looked at, one pass over the child with a search in the parent, before and after.
 */
final class ForeignKeyCheck {
    private final SqlStatements statements;
    private final TargetSchema schema;
    private final Map<ForeignKey, Set<List<ChangesetValue>>> before = new LinkedHashMap<>();

    ForeignKeyCheck(SqlStatements statements, TargetSchema schema) {
        this.statements = statements;
        this.schema = schema;
    }

    /** To be called with the keys that a write to a table can violate, before it is made; no matter if again. */
    void enter(Set<ForeignKey> keys) throws SQLException {
        for (var key : keys) {
            if (!before.containsKey(key)) {
                before.put(key, violations(key));
            }
        }
    }

    /** How many violations there are that were not there before. */
    long newViolations() throws SQLException {
        var count = 0L;
        for (var entry : before.entrySet()) {
            var now = violations(entry.getKey());
            now.removeAll(entry.getValue());
            count += now.size();
        }
        return count;
    }

    private Set<List<ChangesetValue>> violations(ForeignKey key) throws SQLException {
        Set<List<ChangesetValue>> violations = new HashSet<>();
        var query = schema.violationsOf(key);
        if (query.isEmpty()) {
            return violations;
        }
        try (var rows = statements.prepare(query.get()).executeQuery()) {
            var columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                List<ChangesetValue> violation = new ArrayList<>();
                for (var i = 1; i <= columns; i++) {
                    violation.add(schema.values().read(rows, i));
                }
                violations.add(violation);
            }
        }
        return violations;
    }
}
