package io.merklite.wal.archive;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class S3ArchiveTest extends ArchiveContract {
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
        return new S3LogStore(server.client(), bucket, "app/");
    }
}
