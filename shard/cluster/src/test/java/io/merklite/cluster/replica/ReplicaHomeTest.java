package io.merklite.cluster.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplicaHomeTest {
    @TempDir
    Path directory;

    @Test
    void leftoversOfCopiesGoAndDatabasesStay() throws IOException {
        var databases = List.of(
                "a.db.copy-1.db", "a.db.part.db", "shop.db", "shop.db-shm", "shop.db-wal", "shop.incarnation", "x.txt");
        for (var name : databases) {
            Files.createFile(directory.resolve(name));
        }
        for (var leftover : List.of(
                "shop.db.copy-1",
                "shop.db.copy-12",
                "shop.db.copy-12-journal",
                "shop.db.part",
                "shop.incarnation.part")) {
            Files.createFile(directory.resolve(leftover));
        }

        TestHome.of(directory, InstantSource.system()).deleteLeftovers();

        try (var files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrderElementsOf(databases);
        }
    }

    @Test
    void fileThatWasLostGetsALogOfItsOwn() throws IOException {
        var home = TestHome.of(directory, InstantSource.system());
        home.open("shop").close();
        var first = home.incarnation("shop");
        assertThat(home.incarnation("shop")).isEqualTo(first);

        Files.delete(home.file("shop"));

        assertThat(home.incarnation("shop")).isNotEqualTo(first);
    }
}
