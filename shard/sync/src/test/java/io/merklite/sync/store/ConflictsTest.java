package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.SyncException.StillClashing;
import io.merklite.sync.SyncException.Unsupported;
import io.merklite.sync.store.Conflicts.InTheWay;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The ledger of rows that lost: what is in it, and how they come back on every replica. */
final class ConflictsTest {
    private static final List<String> SCHEMA = List.of(
            "PRAGMA foreign_keys = ON",
            "CREATE TABLE account(id INTEGER PRIMARY KEY, \"e mail\" TEXT UNIQUE, note)",
            "CREATE TABLE span(id TEXT PRIMARY KEY NOT NULL, low INTEGER, high INTEGER, CHECK (low <= high))",
            "CREATE TABLE loose(low INTEGER, high INTEGER, code UNIQUE, CHECK (low <= high))",
            "CREATE TABLE parent(id INTEGER PRIMARY KEY)",
            "CREATE TABLE child(id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent)",
            "CREATE TABLE stray(p INTEGER REFERENCES parent, v)");

    private TestReplica anne;
    private TestReplica bert;

    @BeforeEach
    void openTwoReplicas() throws SQLException {
        anne = TestReplica.open("anne", 1, SCHEMA);
        bert = TestReplica.open("bert", 2, SCHEMA);
    }

    private void settle() {
        TestReplica.requireConvergence(List.of(anne, bert));
    }

    private Conflicts.Entry onlyEntry(TestReplica replica) {
        var entries = new Conflicts(replica.store()).list();
        assertThat(entries).hasSize(1);
        return entries.getFirst();
    }

    private static ChangesetValue text(String value) {
        return ChangesetValue.Text.of(value);
    }

    private static ChangesetValue integer(long value) {
        return new ChangesetValue.Integer(value);
    }

    /** Both insert the same address; Bert's row is the later one and loses. */
    private Conflicts.Entry clashingAddresses() {
        anne.run("INSERT INTO account VALUES (1, 'x@y', 'anne')");
        bert.run("DELETE FROM account");
        bert.run("INSERT INTO parent VALUES (99)");
        bert.run("INSERT INTO account VALUES (2, 'x@y', x'ff')");
        settle();
        return onlyEntry(anne);
    }

    private void restore(TestReplica replica, String id, Map<String, ChangesetValue> edits, InTheWay inTheWay) {
        replica.keep(new Conflicts(replica.store()).restore(id, edits, inTheWay));
    }

    @Test
    void rowThatLostItsUniqueValueIsListedOnEveryReplica() {
        var entry = clashingAddresses();

        assertThat(onlyEntry(bert)).isEqualTo(entry);
        assertThat(entry.kind()).isEqualTo(Conflicts.Kind.UNIQUE);
        assertThat(entry.table()).isEqualTo("account");
        assertThat(entry.row())
                .containsExactly(
                        Map.entry("id", integer(2)),
                        Map.entry("e mail", text("x@y")),
                        Map.entry("note", ChangesetValue.Blob.copyOf(new byte[] {-1})));
        assertThat(entry.foundAt())
                .isBetween(Instant.parse("2026-01-01T00:00:00Z"), Instant.parse("2026-01-02T00:00:00Z"));
        assertThat(new Conflicts(anne.store()).find(entry.id())).contains(entry);
    }

    @Test
    void restoringARowThatStillClashesFailsAndChangesNothing() {
        var entry = clashingAddresses();
        var before = anne.dump();

        assertThatThrownBy(() -> new Conflicts(anne.store()).restore(entry.id(), InTheWay.REFUSE))
                .isInstanceOf(StillClashing.class)
                .hasMessageContaining("UNIQUE constraint failed: account.e mail");

        assertThat(anne.dump()).isEqualTo(before);
        anne.requireConsistent();
    }

    @Test
    void rowComesBackOnceNothingIsInItsWay() {
        var entry = clashingAddresses();
        anne.run("DELETE FROM account WHERE id = 1");

        restore(anne, entry.id(), Map.of(), InTheWay.REFUSE);

        settle();
        assertThat(bert.query("SELECT * FROM account")).containsExactly("2|x@y|ff");
        assertThat(new Conflicts(bert.store()).list()).isEmpty();
    }

    @Test
    void rowComesBackInPlaceOfTheOneThatIsInItsWay() {
        var entry = clashingAddresses();

        restore(bert, entry.id(), Map.of(), InTheWay.REPLACE);

        settle();
        assertThat(anne.query("SELECT * FROM account")).containsExactly("2|x@y|ff");
        assertThat(new Conflicts(anne.store()).list()).isEmpty();
    }

    @Test
    void rowComesBackWithOtherValues() {
        var entry = clashingAddresses();

        restore(bert, entry.id(), Map.of("E MAIL", text("z@y")), InTheWay.REFUSE);

        settle();
        assertThat(anne.query("SELECT * FROM account")).containsExactly("1|x@y|anne", "2|z@y|ff");
    }

    @Test
    void discardedRowIsGoneFromTheLedgerEverywhere() {
        var entry = clashingAddresses();

        new Conflicts(bert.store()).discard(entry.id()).ifPresent(bert::keep);

        settle();
        assertThat(new Conflicts(anne.store()).list()).isEmpty();
        assertThat(anne.query("SELECT * FROM account")).containsExactly("1|x@y|anne");
        assertThat(new Conflicts(anne.store()).discard(entry.id())).isEmpty();
    }

    @Test
    void rowRestoredOnTwoReplicasComesBackOnce() {
        var entry = clashingAddresses();

        restore(anne, entry.id(), Map.of("e mail", text("a@y")), InTheWay.REFUSE);
        restore(bert, entry.id(), Map.of("e mail", text("b@y")), InTheWay.REFUSE);

        settle();
        assertThat(anne.query("SELECT id FROM account ORDER BY id")).containsExactly("1", "2");
        assertThat(new Conflicts(anne.store()).list()).isEmpty();
    }

    @Test
    void unknownEntryIsNamed() {
        assertThatThrownBy(() -> new Conflicts(anne.store()).restore("0123456789abcdef", InTheWay.REFUSE))
                .isInstanceOf(InvalidState.class)
                .hasMessageContaining("0123456789abcdef");
    }

    @Test
    void editOfAColumnThatIsNotThereIsRefused() {
        var entry = clashingAddresses();

        assertThatThrownBy(() -> restore(anne, entry.id(), Map.of("phone", text("1")), InTheWay.REPLACE))
                .isInstanceOf(Unsupported.class)
                .hasMessageContaining("no column phone");
    }

    @Test
    void rowComesBackInATableThatHasOtherColumnsNow() throws SQLException {
        var entry = clashingAddresses();
        for (var replica : List.of(anne, bert)) {
            replica.store().session().executeSchemaChange("ALTER TABLE account DROP COLUMN note");
            replica.execute("ALTER TABLE account ADD COLUMN phone TEXT DEFAULT '?'");
            replica.store().schemaChanged();
        }

        restore(anne, entry.id(), Map.of("e mail", text("z@y")), InTheWay.REFUSE);

        settle();
        assertThat(bert.query("SELECT * FROM account WHERE id = 2")).containsExactly("2|z@y|?");
    }

    @Test
    void rowOfATableThatIsGoneCanOnlyBeDiscarded() throws SQLException {
        var entry = clashingAddresses();
        anne.execute("DROP TABLE account");

        assertThatThrownBy(() -> new Conflicts(anne.store()).restore(entry.id(), InTheWay.REFUSE))
                .isInstanceOf(Unsupported.class)
                .hasMessageContaining("account");

        assertThat(new Conflicts(anne.store()).discard(entry.id())).isPresent();
    }

    @Test
    void rowThatBreaksACheckIsListedAndMendedInItsTable() {
        anne.run("INSERT INTO span VALUES ('a', 3, 5)");
        settle();
        anne.run("UPDATE span SET low = 5");
        bert.run("UPDATE span SET high = 4");
        settle();
        var entry = onlyEntry(bert);

        assertThat(entry.kind()).isEqualTo(Conflicts.Kind.CHECK);
        assertThat(entry.row()).containsEntry("low", integer(5)).containsEntry("high", integer(4));
        assertThat(bert.query("SELECT * FROM span")).containsExactly("a|5|4");
        assertThatThrownBy(() -> restore(bert, entry.id(), Map.of(), InTheWay.REFUSE))
                .isInstanceOf(StillClashing.class)
                .hasMessageContaining("CHECK constraint failed");
        restore(bert, entry.id(), Map.of("high", integer(6)), InTheWay.REFUSE);
        settle();
        assertThat(anne.query("SELECT * FROM span")).containsExactly("a|5|6");
        assertThat(new Conflicts(anne.store()).list()).isEmpty();
    }

    @Test
    void rowWithoutAKeyThatBreaksACheckIsMendedByHand() {
        anne.run("INSERT INTO loose VALUES (3, 5, 'c')");
        settle();
        anne.run("UPDATE loose SET low = 5");
        bert.run("UPDATE loose SET high = 4");
        settle();

        assertThatThrownBy(() -> restore(bert, onlyEntry(bert).id(), Map.of(), InTheWay.REPLACE))
                .isInstanceOf(InvalidState.class)
                .hasMessageContaining("still in its table");
    }

    @Test
    void rowsWithoutAKeyThatAreEqualLoseAsTwoEntries() throws SQLException {
        var carl = TestReplica.open("carl", 3, SCHEMA);
        anne.run("INSERT INTO loose VALUES (1, 2, 'c')");
        bert.run("INSERT INTO loose VALUES (3, 4, 'c')");
        carl.run("INSERT INTO loose VALUES (3, 4, 'c')");

        TestReplica.requireConvergence(List.of(anne, bert, carl));

        var entries = new Conflicts(carl.store()).list();
        assertThat(entries.size() + carl.query("SELECT * FROM loose").size()).isEqualTo(3);
        assertThat(entries).allSatisfy(entry -> assertThat(entry.row()).containsOnlyKeys("low", "high", "code"));
        restore(carl, entries.getFirst().id(), Map.of("code", text("d")), InTheWay.REFUSE);
        TestReplica.requireConvergence(List.of(anne, bert, carl));
        assertThat(anne.query("SELECT * FROM loose")).hasSize(2);
    }

    @Test
    void childThatLostItsParentComesBackWithIt() {
        anne.run("INSERT INTO parent VALUES (1)");
        settle();
        anne.run("DELETE FROM parent");
        bert.run("INSERT INTO child VALUES (7, 1)", "INSERT INTO stray VALUES (1, 'v')");
        settle();
        var entries = new Conflicts(anne.store()).list();
        assertThat(entries).hasSize(2).allMatch(entry -> entry.kind() == Conflicts.Kind.FOREIGN_KEY);
        var child = entries.stream()
                .filter(entry -> entry.table().equals("child"))
                .findFirst()
                .orElseThrow();

        assertThatThrownBy(() -> restore(anne, child.id(), Map.of(), InTheWay.REPLACE))
                .isInstanceOf(StillClashing.class)
                .hasMessageContaining("FOREIGN KEY");
        anne.run("INSERT INTO parent VALUES (1)");
        entries.forEach(entry -> restore(anne, entry.id(), Map.of(), InTheWay.REFUSE));

        settle();
        assertThat(bert.query("SELECT * FROM child")).containsExactly("7|1");
        assertThat(bert.query("SELECT * FROM stray")).containsExactly("1|v");
        assertThat(new Conflicts(bert.store()).list()).isEmpty();
    }
}
