package io.merklite.client.hrana;

import io.merklite.client.ClientException.Malformed;
import io.merklite.client.ClientException.TransactionLost;
import io.merklite.client.Column;
import io.merklite.client.Row;
import io.merklite.client.SqlStatement;
import io.merklite.client.hrana.SqlStream.Effect;
import io.merklite.client.hrana.StreamRequest.Batch;
import io.merklite.client.hrana.StreamRequest.Step;
import io.merklite.client.http.Json;
import io.merklite.client.http.KnownEndpoint;
import io.merklite.client.http.LineFeed;
import io.merklite.client.http.NodeHttp;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/** Internal: the rows of one statement, as they come. Each subscription runs the statement once. */
public final class RowPublisher {
    private RowPublisher() {}

    /** The rows of {@code statement}, each time somebody subscribes. */
    public static Flow.Publisher<Row> of(NodeHttp http, SqlStatement statement, Effect effect) {
        return new LineFeed<>(() -> new Source(new SqlStream(http), statement, effect));
    }

    private static final class Source implements LineFeed.Source<Row> {
        private final SqlStream stream;
        private final SqlStatement statement;
        private final Effect effect;
        private Optional<KnownEndpoint> endpoint = Optional.empty();
        private List<Column> columns = List.of();
        private boolean isBegun;
        private boolean isEnded;

        private Source(SqlStream stream, SqlStatement statement, Effect effect) {
            this.stream = stream;
            this.statement = statement;
            this.effect = effect;
        }

        @Override
        public CompletableFuture<Flow.Publisher<List<ByteBuffer>>> open() {
            var batch = new Batch(List.of(new Step(statement, Optional.empty())));
            return stream.openLines(batch, effect).thenApply(reply -> {
                endpoint = Optional.of(reply.endpoint());
                return reply.body();
            });
        }

        @Override
        public void line(byte[] line, Consumer<Row> out) {
            if (line.length == 0) {
                return;
            }
            if (!isBegun) {
                isBegun = true;
                stream.begun(Json.read("a cursor", line, AnswerJson::head), endpoint.orElseThrow());
                return;
            }
            Json.read("a line of a cursor", line, AnswerJson::entry).ifPresent(entry -> {
                switch (entry) {
                    case CursorEntry.StepBegun begun -> columns = begun.columns();
                    case CursorEntry.RowRead row -> {
                        if (row.values().size() != columns.size()) {
                            throw new Malformed(row.values().size() + " values for " + columns.size() + " columns");
                        }
                        out.accept(new Row(columns, row.values()));
                    }
                    case CursorEntry.StepEnded ended -> isEnded = true;
                    case CursorEntry.StepFailed failed -> throw failed.error().at(0);
                    case CursorEntry.Failed failed -> throw failed.error().at(0);
                    case CursorEntry.Head head -> throw new Malformed("a second first line");
                }
            });
        }

        @Override
        public LineFeed.Next ended(Optional<Throwable> failure) {
            if (isEnded) {
                return new LineFeed.Next.Complete();
            }
            return new LineFeed.Next.Fail(failure.filter(why -> !isBegun)
                    .orElseGet(() -> failure.map(why -> new TransactionLost("the result broke off", why))
                            .orElseGet(() -> new TransactionLost("the result broke off"))));
        }

        @Override
        public void close() {
            if (isEnded) {
                var unused = stream.close();
            } else {
                stream.abandon();
            }
        }
    }
}
