package io.merklite.wal.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import org.junit.jupiter.api.Test;

class DirectoryLogStoreTest extends LogStoreContract {
    @Override
    LogStore store() {
        return new DirectoryLogStore(directory.resolve("store"));
    }

    @Test
    void whatACrashLeftHalfWrittenIsNotListed() throws Exception {
        store().putIfAbsent("logs/1", Files.createTempFile(directory, "file", ""));
        Files.writeString(directory.resolve("store/.incoming-1"), "half");

        assertThat(store().list("", "")).extracting(LogStore.StoredFile::name).containsExactly("logs/1");
    }
}
