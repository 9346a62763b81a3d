package io.merklite.wal.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.wal.WalException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class S3LogStoreTest extends LogStoreContract {
    private static S3Server server;

    private final String bucket = server.createBucket();

    @BeforeAll
    static void start() throws IOException {
        server = new S3Server();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Override
    LogStore store() {
        return new S3LogStore(server.client(), bucket, "backups/app/");
    }

    @Test
    void storesWithDifferentPrefixesShareABucket() throws Exception {
        store().putIfAbsent("logs/1", Files.createTempFile(directory, "file", ""));

        assertThat(new S3LogStore(server.client(), bucket, "").list("", ""))
                .extracting(LogStore.StoredFile::name)
                .containsExactly("backups/app/logs/1");
        assertThat(new S3LogStore(server.client(), bucket, "other/").list("", ""))
                .isEmpty();
    }

    @Test
    void largeFileIsSentInParts() throws Exception {
        var bytes = new byte[11 << 20];
        new Random(1).nextBytes(bytes);
        var file = Files.write(directory.resolve("large"), bytes);
        var store = new S3LogStore(server.client(), bucket, "", 5 << 20);

        assertThat(store.putIfAbsent("logs/1", file)).isTrue();

        try (var in = store.get("logs/1").orElseThrow()) {
            assertThat(in.readAllBytes()).isEqualTo(bytes);
        }
    }

    @Test
    void failureOfTheServiceIsAStorageFailure() {
        var store = new S3LogStore(server.client(), "no-such-bucket", "");

        assertThatThrownBy(() -> store.list("", "")).isInstanceOf(WalException.Storage.class);
        assertThatThrownBy(() -> store.putIfAbsent("logs/1", Files.createTempFile(directory, "file", "")))
                .isInstanceOf(WalException.Storage.class);
    }
}
