package io.merklite.wal.archive;

import io.merklite.wal.WalException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * A store in a bucket of S3, or of a service that speaks its protocol. Needs the AWS SDK's {@code s3} and one of its
 * HTTP clients on the class path; region, endpoint, credentials and retries are those of the client that is given,
 * which stays the caller's to close.
 *
 * <p>A name is taken by a conditional write ({@code If-None-Match: *}). A service that ignores the condition would let
 * a second primary overwrite a log: restores would then find that the next log does not follow, but the overwritten one
 * is lost; such a service is not fit for this.
 */
public final class S3LogStore implements LogStore {
    /** Larger files are sent in parts; the service's limits are 5 GiB for one piece, and 10,000 parts. */
    private static final long PART_BYTES = 64L << 20;

    private static final long MOST_PARTS = 10_000;
    private static final int TAKEN = 412;
    private static final int TAKEN_MEANWHILE = 409;

    private final S3Client client;
    private final String bucket;
    private final String prefix;
    private final long partBytes;

    /**
     * @param bucket must exist
     * @param prefix put before all names, for instance {@code "backups/app/"}; may be empty
     */
    public S3LogStore(S3Client client, String bucket, String prefix) {
        this(client, bucket, prefix, PART_BYTES);
    }

    S3LogStore(S3Client client, String bucket, String prefix, long partBytes) {
        this.client = client;
        this.bucket = bucket;
        this.prefix = prefix;
        this.partBytes = partBytes;
    }

    @Override
    public boolean putIfAbsent(String name, Path content) {
        var key = key(name);
        try {
            var size = Files.size(content);
            if (size <= partBytes) {
                client.putObject(put -> put.bucket(bucket).key(key).ifNoneMatch("*"), RequestBody.fromFile(content));
            } else {
                putParts(key, content, size);
            }
            return true;
        } catch (S3Exception e) {
            if (e.statusCode() == TAKEN || e.statusCode() == TAKEN_MEANWHILE) {
                return false;
            }
            throw new WalException.Storage("cannot store " + key, e);
        } catch (SdkException | IOException e) {
            throw new WalException.Storage("cannot store " + key, e);
        }
    }

    private void putParts(String key, Path content, long size) throws IOException {
        var upload = client.createMultipartUpload(
                        create -> create.bucket(bucket).key(key))
                .uploadId();
        try (var in = Files.newInputStream(content)) {
            List<CompletedPart> parts = new ArrayList<>();
            var usual = Math.max(partBytes, (size + MOST_PARTS - 1) / MOST_PARTS);
            for (var sent = 0L; sent < size; ) {
                var number = parts.size() + 1;
                var length = Math.min(usual, size - sent);
                var bytes = in.readNBytes(Math.toIntExact(length));
                var part = client.uploadPart(
                        one -> one.bucket(bucket).key(key).uploadId(upload).partNumber(number),
                        RequestBody.fromBytes(bytes));
                parts.add(CompletedPart.builder()
                        .partNumber(number)
                        .eTag(part.eTag())
                        .build());
                sent += length;
            }
            client.completeMultipartUpload(complete -> complete.bucket(bucket)
                    .key(key)
                    .uploadId(upload)
                    .ifNoneMatch("*")
                    .multipartUpload(all -> all.parts(parts)));
        } catch (SdkException | IOException e) {
            abort(key, upload, e);
            throw e;
        }
    }

    private void abort(String key, String upload, Exception reason) {
        try {
            client.abortMultipartUpload(abort -> abort.bucket(bucket).key(key).uploadId(upload));
        } catch (SdkException e) {
            reason.addSuppressed(e);
        }
    }

    @Override
    public Optional<InputStream> get(String name) {
        var key = key(name);
        try {
            return Optional.of(
                    new Body(client.getObject(get -> get.bucket(bucket).key(key))));
        } catch (NoSuchKeyException e) {
            return Optional.empty();
        } catch (SdkException e) {
            throw new WalException.Storage("cannot read " + key, e);
        }
    }

    @Override
    public List<StoredFile> list(String namePrefix, String from) {
        // The service can begin after a key, not at one: a key without its last character is before it, and close.
        var before = prefix + from.substring(0, Math.max(0, from.length() - 1));
        try {
            return client
                    .listObjectsV2Paginator(list ->
                            list.bucket(bucket).prefix(prefix + namePrefix).startAfter(before))
                    .contents()
                    .stream()
                    .map(object -> new StoredFile(object.key().substring(prefix.length()), object.size()))
                    .filter(file -> file.name().compareTo(from) >= 0)
                    .sorted(Comparator.comparing(StoredFile::name))
                    .toList();
        } catch (SdkException e) {
            throw new WalException.Storage("cannot list " + prefix + namePrefix, e);
        }
    }

    @Override
    public void delete(String name) {
        var key = key(name);
        try {
            client.deleteObject(delete -> delete.bucket(bucket).key(key));
        } catch (SdkException e) {
            throw new WalException.Storage("cannot delete " + key, e);
        }
    }

    private String key(String name) {
        return prefix + LogStore.requireName(name);
    }

    /**
     * The content of an object. Closed early, it gives the connection up: clients otherwise read what is left, and a
     * header is 72 bytes of gigabytes.
     */
    private static final class Body extends FilterInputStream {
        private final ResponseInputStream<GetObjectResponse> response;
        private boolean isAtEnd;

        Body(ResponseInputStream<GetObjectResponse> response) {
            super(response);
            this.response = response;
        }

        @Override
        public int read() throws IOException {
            var read = super.read();
            isAtEnd |= read < 0;
            return read;
        }

        @Override
        public int read(byte[] target, int offset, int size) throws IOException {
            var read = super.read(target, offset, size);
            isAtEnd |= read < 0;
            return read;
        }

        @Override
        public void close() throws IOException {
            if (isAtEnd) {
                super.close();
            } else {
                response.abort();
            }
        }
    }
}
