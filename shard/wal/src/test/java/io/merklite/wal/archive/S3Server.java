package io.merklite.wal.archive;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.robothy.s3.rest.LocalS3;
import com.robothy.s3.rest.bootstrap.LocalS3Mode;
import java.io.IOException;
import java.net.URI;
import java.util.UUID;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** An S3 service within this process, and a client for it. */
final class S3Server implements AutoCloseable {
    private final LocalS3 server;
    private final ConditionalWrites front;
    private final S3Client client;

    S3Server() throws IOException {
        // The server logs every request, and each miss with a stack trace.
        ((Logger) LoggerFactory.getLogger("com.robothy")).setLevel(Level.OFF);
        ((Logger) LoggerFactory.getLogger("io.netty")).setLevel(Level.OFF);
        server = LocalS3.builder().port(-1).mode(LocalS3Mode.IN_MEMORY).build();
        server.start();
        front = new ConditionalWrites(server.getPort());
        client = S3Client.builder()
                .httpClient(UrlConnectionHttpClient.create())
                .endpointOverride(URI.create("http://localhost:" + front.port()))
                .forcePathStyle(true)
                .region(Region.EU_CENTRAL_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("key", "secret")))
                .build();
    }

    S3Client client() {
        return client;
    }

    /** A new bucket; returns its name. */
    String createBucket() {
        var name = "bucket-" + UUID.randomUUID();
        client.createBucket(create -> create.bucket(name));
        return name;
    }

    @Override
    public void close() {
        client.close();
        front.close();
        server.shutdown();
    }
}
