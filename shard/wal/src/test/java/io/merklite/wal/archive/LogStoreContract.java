package io.merklite.wal.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every store must do. */
abstract class LogStoreContract {
    @TempDir
    Path directory;

    abstract LogStore store();

    private Path file(String content) throws IOException {
        return Files.writeString(Files.createTempFile(directory, "file", ""), content);
    }

    private String read(String name) throws IOException {
        try (var in = store().get(name).orElseThrow()) {
            return new String(in.readAllBytes());
        }
    }

    @Test
    void storedFileIsReadBack() throws IOException {
        assertThat(store().putIfAbsent("logs/1", file("one"))).isTrue();

        assertThat(read("logs/1")).isEqualTo("one");
    }

    @Test
    void nameIsGivenOnce() throws IOException {
        store().putIfAbsent("logs/1", file("one"));

        assertThat(store().putIfAbsent("logs/1", file("other"))).isFalse();
        assertThat(read("logs/1")).isEqualTo("one");
    }

    @Test
    void ofManyThatTakeANameAtTheSameTimeOneGetsIt() throws IOException {
        var files = IntStream.range(0, 8)
                .mapToObj(number -> {
                    try {
                        return file("content " + number);
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                })
                .toList();

        var won = files.parallelStream()
                .filter(file -> store().putIfAbsent("logs/1", file))
                .toList();

        assertThat(won).hasSize(1);
        assertThat(read("logs/1")).isEqualTo(Files.readString(won.getFirst()));
    }

    @Test
    void missingFileIsEmpty() {
        assertThat(store().get("logs/none")).isEmpty();
    }

    @Test
    void filesAreListedByNameFromTheOneAskedFor() throws IOException {
        for (var name : List.of("logs/3", "logs/1", "snapshots/2", "logs/2")) {
            store().putIfAbsent(name, file(name));
        }

        assertThat(store().list("logs/", "logs/"))
                .extracting(LogStore.StoredFile::name)
                .containsExactly("logs/1", "logs/2", "logs/3");
        assertThat(store().list("logs/", "logs/2"))
                .containsExactly(new LogStore.StoredFile("logs/2", 6), new LogStore.StoredFile("logs/3", 6));
    }

    @Test
    void listIsCompleteBeyondOnePageOfTheService() throws IOException {
        var content = file("x");
        for (var number = 0; number < 1_100; number++) {
            store().putIfAbsent(String.format("logs/%05d", number), content);
        }

        assertThat(store().list("logs/", "logs/00050")).hasSize(1_050);
    }

    @Test
    void deletedFileIsGoneAndDeletingItAgainDoesNothing() throws IOException {
        store().putIfAbsent("logs/1", file("one"));

        store().delete("logs/1");
        store().delete("logs/1");

        assertThat(store().get("logs/1")).isEmpty();
        assertThat(store().list("logs/", "logs/")).isEmpty();
        assertThat(store().putIfAbsent("logs/1", file("again"))).isTrue();
    }

    @Test
    void nameThatLeadsElsewhereIsRefused() {
        for (var name : List.of("../x", "/x", "", "a//b", "A", "a/../b")) {
            assertThatThrownBy(() -> store().get(name)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
