package io.merklite.client.feed;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.merklite.client.ClientException.FeedGap;
import io.merklite.client.ClientException.Malformed;
import io.merklite.client.ClientException.Refused;
import io.merklite.client.feed.CommittedChanges.ChangedRow;
import io.merklite.client.feed.CommittedChanges.Operation;
import io.merklite.client.hrana.AnswerJson;
import io.merklite.client.http.Json;
import io.merklite.client.http.LineFeed;
import io.merklite.client.http.NodeHttp;
import io.merklite.client.http.NodeRequest;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/** Internal: the feed of what is committed. */
public final class Changes {
    private Changes() {}

    /** The feed, from where {@code query} says each time somebody subscribes. */
    public static Flow.Publisher<CommittedChanges> of(NodeHttp http, ChangesQuery query) {
        return new LineFeed<>(
                () -> new EventSource<>(http, new Meaning(http.settings().database(), query)));
    }

    /**
     * @param database its name
     * @param query what is wanted
     */
    private record Meaning(String database, ChangesQuery query) implements EventSource.Meaning<CommittedChanges> {
        @Override
        public NodeRequest request(Optional<String> lastId) {
            var path = new StringBuilder("v1/databases/" + database + "/changes?values="
                    + query.values().id());
            lastId.or(query::since).ifPresent(place -> path.append("&since=").append(encoded(place)));
            if (!query.tables().isEmpty()) {
                path.append("&tables=").append(encoded(String.join(",", query.tables())));
            }
            return NodeRequest.get(path.toString());
        }

        private static String encoded(String text) {
            return URLEncoder.encode(text, StandardCharsets.UTF_8);
        }

        @Override
        public void opened(Map<String, String> headers) {
            // Nothing in them matters to this feed.
        }

        @Override
        public void event(ServerEvent event, Consumer<CommittedChanges> out) {
            switch (event.name()) {
                case "transaction" -> out.accept(read(event));
                case "gap" -> throw new FeedGap("changes of " + database + " before this place are gone");
                default -> {
                    // heartbeats, and what later nodes may add
                }
            }
        }

        @Override
        public boolean beginsAnew(Refused why) {
            return false;
        }

        private static CommittedChanges read(ServerEvent event) {
            var place = event.id().orElseThrow(() -> new Malformed("a transaction without an id"));
            return Json.read("a transaction", event.data().getBytes(StandardCharsets.UTF_8), parser -> {
                List<ChangedRow> rows = new ArrayList<>();
                Map<String, String> texts = new LinkedHashMap<>();
                Json.object(parser, name -> {
                    switch (name) {
                        case "rows" -> Json.array(parser, () -> rows.add(row(parser)));
                        case "origin", "seq" -> texts.put(name, parser.getText());
                        default -> {
                            return false;
                        }
                    }
                    return true;
                });
                return new CommittedChanges(place, required(texts, "origin"), number(required(texts, "seq")), rows);
            });
        }

        private static ChangedRow row(JsonParser parser) throws IOException {
            Map<String, String> texts = new LinkedHashMap<>();
            Map<String, Map<String, SqlValue>> values = new LinkedHashMap<>();
            Json.object(parser, name -> {
                switch (name) {
                    case "table", "op" -> texts.put(name, parser.getText());
                    case "key", "old", "new" -> {
                        if (parser.currentToken() == JsonToken.VALUE_NULL) {
                            return false;
                        }
                        values.put(name, byColumn(parser));
                    }
                    default -> {
                        return false;
                    }
                }
                return true;
            });
            return new ChangedRow(
                    required(texts, "table"),
                    operation(required(texts, "op")),
                    values.getOrDefault("key", Map.of()),
                    Optional.ofNullable(values.get("old")),
                    Optional.ofNullable(values.get("new")));
        }

        private static Map<String, SqlValue> byColumn(JsonParser parser) throws IOException {
            Map<String, SqlValue> values = new LinkedHashMap<>();
            Json.object(parser, column -> {
                values.put(column, AnswerJson.value(parser));
                return true;
            });
            return values;
        }

        private static Operation operation(String text) {
            return switch (text.toLowerCase(Locale.ROOT)) {
                case "insert" -> Operation.INSERT;
                case "update" -> Operation.UPDATE;
                case "delete" -> Operation.DELETE;
                default -> throw new Malformed("an operation '" + text + "'");
            };
        }

        private static String required(Map<String, String> texts, String name) {
            var text = texts.get(name);
            if (text == null) {
                throw new Malformed("no field '" + name + "'");
            }
            return text;
        }

        private static long number(String text) {
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException e) {
                throw new Malformed("a seq that is no number", e);
            }
        }
    }
}
