package io.merklite.sync.database;

import io.merklite.session.catalog.Identifiers;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The tables whose changes no changeset tells, so that after a write anything may have become of them: those that do not
 * replicate, those of {@code temp} and attached databases, and those whose rows may have NULL in the key and no rowid
 * that can be named.
 */
final class UnrecordedChanges {
    private final Predicate<String> isRecorded;
    private final List<String> unrecorded = new ArrayList<>();
    private final Set<String> keyless = new HashSet<>();

    /** @param isRecorded says of a table of {@code main} whether its changes are recorded */
    UnrecordedChanges(Predicate<String> isRecorded) {
        this.isRecorded = isRecorded;
    }

    /** Takes over a new schema. */
    void follow(SchemaSnapshot schema) {
        unrecorded.clear();
        keyless.clear();
        for (var table : schema.tables()) {
            if (!isRecorded(table)) {
                unrecorded.add(table.name());
            } else if (!table.layout().orElseThrow().hasKey()) {
                keyless.add(Identifiers.fold(table.name()));
            }
        }
    }

    private boolean isRecorded(SchemaSnapshot.Table table) {
        if (table.layout().isEmpty() || !isRecorded.test(table.name())) {
            return false;
        }
        var layout = table.layout().get();
        return layout.rowidName().isPresent()
                || (layout.hasKey() && table.nullableKeys().isEmpty());
    }

    /** Whether a recorded table has no primary key. */
    boolean isKeyless(String table) {
        return keyless.contains(Identifiers.fold(table));
    }

    /** Names of the tables that may have changed by a write. */
    List<String> tables() {
        return List.copyOf(unrecorded);
    }
}
