package io.merklite.client.feed;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.merklite.client.ClientException.Malformed;
import io.merklite.client.ClientException.Refused;
import io.merklite.client.ClientException.StatementFailed;
import io.merklite.client.Column;
import io.merklite.client.Row;
import io.merklite.client.SqlStatement;
import io.merklite.client.hrana.AnswerJson;
import io.merklite.client.hrana.RequestJson;
import io.merklite.client.http.Json;
import io.merklite.client.http.LineFeed;
import io.merklite.client.http.NodeHttp;
import io.merklite.client.http.NodeRequest;
import io.merklite.client.http.Safety;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/** Internal: the feed of a query's result. */
public final class FollowedQuery {
    private FollowedQuery() {}

    /** The result and its changes, anew each time somebody subscribes. */
    public static Flow.Publisher<ResultEvent> of(NodeHttp http, SqlStatement query) {
        return new LineFeed<>(
                () -> new EventSource<>(http, new Meaning(http.settings().database(), query)));
    }

    private static final class Meaning implements EventSource.Meaning<ResultEvent> {
        private final String path;
        private final SqlStatement query;
        private Optional<String> subscription = Optional.empty();
        private List<Column> columns = List.of();
        private boolean isReady;

        private Meaning(String database, SqlStatement query) {
            this.path = "v1/databases/" + database + "/subscriptions";
            this.query = query;
        }

        /** A result that has not come whole is asked for anew. */
        @Override
        public NodeRequest request(Optional<String> lastId) {
            if (subscription.isPresent() && isReady && lastId.isPresent()) {
                return NodeRequest.get(path + "/" + encoded(subscription.get()) + "?from=" + encoded(lastId.get()));
            }
            subscription = Optional.empty();
            isReady = false;
            return NodeRequest.post(path, RequestJson.statementList(query), Safety.REPEATABLE);
        }

        private static String encoded(String text) {
            return URLEncoder.encode(text, StandardCharsets.UTF_8);
        }

        @Override
        public void opened(Map<String, String> headers) {
            subscription =
                    Optional.ofNullable(headers.get("merklite-subscription")).or(() -> subscription);
        }

        /** The node, or the one asked instead, does not know the subscription, or not that far back. */
        @Override
        public boolean beginsAnew(Refused why) {
            var isResumption = subscription.isPresent();
            subscription = Optional.empty();
            return isResumption && (why.status() == 404 || why.status() == 410);
        }

        @Override
        public void event(ServerEvent event, Consumer<ResultEvent> out) {
            switch (event.name()) {
                case "columns" -> {
                    var names = read(event, Meaning::texts);
                    columns = names.stream()
                            .map(name -> new Column(name, Optional.empty()))
                            .toList();
                    out.accept(new ResultEvent.Begun(names));
                }
                case "row" -> read(event, parser -> row(parser, out));
                case "ready" -> {
                    isReady = true;
                    out.accept(ResultEvent.Ready.READY);
                }
                case "change" -> read(event, parser -> change(parser, out));
                case "lagged" -> subscription = Optional.empty();
                case "error" -> throw read(event, Meaning::error);
                default -> {
                    // heartbeats, and what later nodes may add
                }
            }
        }

        private static <T> T read(ServerEvent event, Json.Reading<T> reading) {
            return Json.read("an event '" + event.name() + "'", event.data().getBytes(StandardCharsets.UTF_8), reading);
        }

        private static List<String> texts(JsonParser parser) throws IOException {
            List<String> texts = new ArrayList<>();
            Json.array(parser, () -> texts.add(parser.getText()));
            return texts;
        }

        /** {@code [key, [values]]}. */
        private boolean row(JsonParser parser, Consumer<ResultEvent> out) throws IOException {
            Json.require(parser, JsonToken.START_ARRAY);
            parser.nextToken();
            var key = parser.getText();
            parser.nextToken();
            out.accept(new ResultEvent.Present(key, row(AnswerJson.values(parser))));
            return true;
        }

        /** {@code [kind, key, [values], id]}. */
        private boolean change(JsonParser parser, Consumer<ResultEvent> out) throws IOException {
            Json.require(parser, JsonToken.START_ARRAY);
            parser.nextToken();
            var kind = parser.getText();
            parser.nextToken();
            var key = parser.getText();
            parser.nextToken();
            var row = row(AnswerJson.values(parser));
            out.accept(
                    switch (kind) {
                        case "insert" -> new ResultEvent.Inserted(key, row);
                        case "update" -> new ResultEvent.Updated(key, row);
                        case "delete" -> new ResultEvent.Deleted(key, row);
                        default -> throw new Malformed("a change '" + kind + "'");
                    });
            return true;
        }

        private Row row(List<SqlValue> values) {
            if (values.size() != columns.size()) {
                throw new Malformed(values.size() + " values for " + columns.size() + " columns");
            }
            return new Row(columns, values);
        }

        private static StatementFailed error(JsonParser parser) throws IOException {
            return AnswerJson.error(parser, 0);
        }
    }
}
