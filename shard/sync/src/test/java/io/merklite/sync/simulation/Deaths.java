package io.merklite.sync.simulation;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.store.RemoteRow;
import io.merklite.sync.transaction.Births.Birth;
import io.merklite.sync.transaction.Transaction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Every death that any replica ever wrote. Replicas forget deaths, and then nothing tells a row that died from one that was
 * lost: the check at the end must know better than they.
 */
final class Deaths {
    /** By row and birth, the clock of the first death. */
    private final Map<Row, TreeMap<Stamp, Long>> clocks = new HashMap<>();

    private record Row(String table, List<ChangesetValue> key) {}

    /** The name that a table or column had first. */
    static String original(String name) {
        var suffix = name.indexOf("_r");
        return suffix > 0 && (name.startsWith("more") || name.startsWith("extra")) ? name.substring(0, suffix) : name;
    }

    /** Takes note of the deaths in a transaction. */
    void add(Transaction transaction) {
        var births = transaction.births().asList().iterator();
        var cursor = transaction.changes();
        var table = "";
        while (cursor.next()) {
            if (cursor.newGroup()) {
                table = original(Identifiers.fold(new String(cursor.tableName(), StandardCharsets.UTF_8)));
            }
            if (cursor.op() == ChangeOp.INSERT) {
                continue;
            }
            var birth = births.next();
            if (cursor.op() == ChangeOp.DELETE) {
                clocks.computeIfAbsent(new Row(table, key(cursor, birth)), row -> new TreeMap<>())
                        .merge(birth.stamp(), transaction.stamp().clock(), Math::min);
            }
        }
    }

    private static List<ChangesetValue> key(ChangesetCursor delete, Birth birth) {
        if (birth.ordinal() > 0) {
            return List.of(
                    new ChangesetValue.Integer(birth.stamp().clock()),
                    new ChangesetValue.Integer(birth.stamp().origin().bits()),
                    new ChangesetValue.Integer(birth.ordinal()));
        }
        List<ChangesetValue> key = new ArrayList<>();
        for (var column = 0; column < delete.columnCount(); column++) {
            if (delete.keyPosition(column) != 0) {
                key.add(delete.oldValue(column));
            }
        }
        return key;
    }

    /**
     * Whether it is right that nothing is known of this row any more: it died, or a later one of its key did, and deaths up
     * to there are forgotten.
     */
    boolean isForgotten(String table, RemoteRow row, long horizon) {
        var version = row.version();
        if (version.death().isPresent()) {
            return version.death().get().clock() <= horizon;
        }
        return clocks
                .getOrDefault(new Row(original(table), row.key()), new TreeMap<>())
                .tailMap(version.birth())
                .values()
                .stream()
                .anyMatch(clock -> clock <= horizon);
    }
}
