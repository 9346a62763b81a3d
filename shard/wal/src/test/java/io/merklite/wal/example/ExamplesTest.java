package io.merklite.wal.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExamplesTest {
    @TempDir
    Path directory;

    @Test
    void referenceUsageReplicatesBothUsers() throws Exception {
        assertThat(ReferenceUsage.run(directory)).isEqualTo(2);
    }

    @Test
    void continuousBackupUndoesTheMistake() throws Exception {
        assertThat(ContinuousBackup.run(directory)).isEqualTo(100);
    }
}
