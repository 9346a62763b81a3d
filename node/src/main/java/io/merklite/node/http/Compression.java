package io.merklite.node.http;

import io.merklite.node.encoding.ByteOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/**
 * Compresses answers that are whole and large, at the fastest level: JSON of rows shrinks to a fifth there, and a higher
 * level costs more time than it saves in any network that a node is likely to be in. Streams are left alone, since
 * somebody waits for their first line.
 */
final class Compression {
    private final int aboveBytes;

    Compression(int aboveBytes) {
        this.aboveBytes = aboveBytes;
    }

    HttpResponse compress(HttpRequest request, HttpResponse response) {
        if (!(response.entity() instanceof HttpEntity.Strict strict)
                || strict.getData().size() <= aboveBytes
                || response.getHeader("content-encoding").isPresent()
                || !isAccepted(request)) {
            return response;
        }
        var data = strict.getData().toArrayUnsafe();
        var output = new ByteOutput(data.length / 4);
        try (var gzip = new FastGzip(new OutputStream() {
            @Override
            public void write(int value) {
                output.write(value);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                output.write(bytes, offset, length);
            }
        })) {
            gzip.write(data);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail so
        }
        return response.withEntity(HttpEntities.create(strict.getContentType(), output.toByteString()))
                .addHeader(RawHeader.create("Content-Encoding", "gzip"))
                .addHeader(RawHeader.create("Vary", "Accept-Encoding"));
    }

    private static boolean isAccepted(HttpRequest request) {
        return request.getHeader("accept-encoding")
                .map(HttpHeader::value)
                .filter(value -> Arrays.stream(value.toLowerCase(Locale.ROOT).split(","))
                        .map(coding -> coding.replace(" ", ""))
                        .anyMatch(coding -> coding.equals("gzip")
                                || (coding.startsWith("gzip;") && !coding.matches("gzip;q=0(\\.0*)?"))))
                .isPresent();
    }

    private static final class FastGzip extends GZIPOutputStream {
        FastGzip(OutputStream out) throws IOException {
            super(out, 16_384);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }
}
