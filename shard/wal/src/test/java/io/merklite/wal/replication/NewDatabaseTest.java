package io.merklite.wal.replication;

import static io.merklite.wal.TestDatabase.checkpoint;
import static io.merklite.wal.TestDatabase.execute;
import static io.merklite.wal.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.wal.TestDatabase;
import io.merklite.wal.format.Snapshot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NewDatabaseTest {
    @TempDir
    Path directory;

    @Test
    void firstLogOnABlankDatabaseIsTheFirstSnapshot() throws Exception {
        var created = TestDatabase.init(directory, 1024, "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)", "VACUUM");
        var fromLog = directory.resolve("log.db");
        var fromSnapshot = directory.resolve("snapshot.db");

        Replica.open(fromLog, Snapshot.blank(created.log()), List.of(created.log()))
                .close();
        Replica.open(fromSnapshot, created.snapshot(), List.of()).close();

        assertThat(Files.readAllBytes(fromLog)).isEqualTo(Files.readAllBytes(fromSnapshot));
        assertThat(created.log().last()).isEqualTo(created.snapshot().tip());
    }

    @Test
    void emptyScriptMakesAnEmptyDatabase() throws Exception {
        var created = NewDatabase.init(connection -> {});

        try (var replica = Replica.open(Snapshot.blank(created.log()), List.of(created.log()))) {
            assertThat(replica.withConnection(number("SELECT count(*) FROM sqlite_schema")))
                    .isZero();
        }
    }

    @Test
    void layoutIsThatOfTheDatabase() throws Exception {
        var layout = new DatabaseLayout(8192, DatabaseLayout.Encoding.UTF_16BE, DatabaseLayout.AutoVacuum.INCREMENTAL);
        var created = NewDatabase.init(
                directory, layout, connection -> execute("CREATE TABLE t (x)").apply(connection));

        try (var replica = Replica.open(created.snapshot(), List.of())) {
            assertThat(replica.withConnection(number("PRAGMA page_size"))).isEqualTo(8192);
            assertThat(replica.withConnection(number("PRAGMA auto_vacuum"))).isEqualTo(2);
            assertThat(replica.withConnection(TestDatabase.text("PRAGMA encoding")))
                    .isEqualTo("UTF-16be");
        }
    }

    @Test
    void failingScriptMakesNothing() {
        assertThatThrownBy(() -> NewDatabase.init(
                        directory,
                        DatabaseLayout.usual(),
                        connection -> execute("no SQL").apply(connection)))
                .isInstanceOf(SQLException.class);

        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void existingDatabaseIsAdoptedWhileItIsInUse() throws Exception {
        var existing = directory.resolve("it's.db");
        try (var owner = TestDatabase.foreign(existing)) {
            execute("PRAGMA page_size = 2048", "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)")
                    .apply(owner);
            var snapshot = NewDatabase.adopt(existing, directory.resolve("adopted.snapshot"));

            try (var primary = Primary.open(snapshot, List.of());
                    var replica = Replica.open(snapshot, List.of())) {
                primary.withConnection(execute("INSERT INTO t VALUES (2)"));
                checkpoint(primary, directory).forEach(replica::replicate);

                assertThat(replica.withConnection(number("SELECT sum(x) FROM t")))
                        .isEqualTo(3);
                assertThat(number("SELECT sum(x) FROM t").apply(owner)).isEqualTo(1);
            }
        }
    }

    /** The page with SQLite's lock byte, at 1 GiB, is never written: it must be a hole in every copy. */
    @Test
    @Tag("slow")
    void databaseBeyondTheLockPageIsReplicatedAndRestored() throws Exception {
        for (var pageSize : new int[] {4096, 65_536}) {
            var database = directory.resolve("large.db");
            var follower = directory.resolve("follower.db");
            var snapshot = TestDatabase.init(directory, pageSize, "CREATE TABLE t (id INTEGER PRIMARY KEY, x)")
                    .snapshot();
            try (var primary = Primary.open(database, snapshot, List.of(), PrimaryOptions.usual());
                    var replica = Replica.open(follower, snapshot, List.of())) {
                for (var part = 0; part < 11; part++) {
                    primary.withConnection(execute("INSERT INTO t (x) VALUES (zeroblob(100000000))"));
                    checkpoint(primary, directory).forEach(replica::replicate);
                }
                assertThat(Files.size(follower)).isGreaterThan(1L << 30);
                var again = directory.resolve("again.db");
                Replica.open(again, replica.snapshot(directory.resolve("large.snapshot")), List.of())
                        .close();
                assertThat(Files.mismatch(follower, again)).isEqualTo(-1);
                assertThat(new ProcessBuilder("cmp", database.toString(), follower.toString())
                                .start()
                                .waitFor())
                        .isZero();
                assertThat(replica.withConnection(TestDatabase.text("PRAGMA integrity_check")))
                        .isEqualTo("ok");
            }
        }
    }
}
