package io.merklite.client.hrana;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamReadException;
import io.merklite.client.ClientException.Malformed;
import io.merklite.client.ClientException.TransactionLost;
import io.merklite.client.http.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The lines of a cursor, one at a time, as far as they are asked for: the node is not read faster than that.
 *
 * <p><b>Threading.</b> For one thread at a time, but {@link #close} may come from any. Blocks on the network.
 */
public final class CursorReader implements AutoCloseable {
    private final InputStream body;
    private final Consumer<CursorEntry.Head> onHead;
    /** None before the first line was read: making one reads, and so blocks. */
    private Optional<JsonParser> begun = Optional.empty();

    /**
     * @param body is closed with it
     * @param onHead is told of the first line, when it is read
     */
    CursorReader(InputStream body, Consumer<CursorEntry.Head> onHead) {
        this.body = body;
        this.onHead = onHead;
    }

    /**
     * The next entry; none at the end.
     *
     * @throws Malformed if it is none
     * @throws TransactionLost if the connection broke, or this was closed meanwhile
     */
    public Optional<CursorEntry> next() {
        return read(() -> {
            var parser = begun.isPresent() ? begun.get() : begin();
            while (parser.nextToken() != null) {
                var entry = AnswerJson.entry(parser);
                if (entry.isPresent()) {
                    return entry;
                }
            }
            return Optional.empty();
        });
    }

    private JsonParser begin() throws IOException {
        var parser = Json.FACTORY.createParser(body);
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new Malformed("a cursor without its first line");
        }
        onHead.accept(AnswerJson.head(parser));
        begun = Optional.of(parser);
        return parser;
    }

    private interface Reading<T> {
        T read() throws IOException;
    }

    private static <T> T read(Reading<T> reading) {
        try {
            return reading.read();
        } catch (StreamReadException e) {
            throw new Malformed("a line of a cursor is no JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new TransactionLost("the result broke off", e);
        }
    }

    /** Ends it; the node interrupts the statement if it still runs. */
    @Override
    public void close() {
        try {
            body.close();
        } catch (IOException e) {
            throw new TransactionLost("closing a result", e);
        }
    }
}
