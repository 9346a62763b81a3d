package io.merklite.client.feed;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * A server-sent event.
 *
 * @param name what it is; {@code message} if it does not say
 * @param id of it, or of the last one that had any; none before
 * @param data its lines
 */
record ServerEvent(String name, Optional<String> id, String data) {
    /**
     * Puts events together from lines, as the HTML standard says: {@code field: value}, an empty line ends an event, a
     * colon in front is a comment, an event without data is none.
     */
    static final class Parser {
        private final StringBuilder data = new StringBuilder();
        private String name = "";
        private Optional<String> id = Optional.empty();
        /** Of the event whose lines are coming; it counts when the event has come whole. */
        private Optional<String> nextId = Optional.empty();

        private Optional<Duration> retry = Optional.empty();

        /** Takes a line in; the event that it ends, if it does. */
        Optional<ServerEvent> line(byte[] line) {
            var text = new String(line, StandardCharsets.UTF_8);
            if (text.isEmpty()) {
                return ended();
            }
            var colon = text.indexOf(':');
            var field = colon < 0 ? text : text.substring(0, colon);
            var value = colon < 0 ? "" : text.substring(colon + 1);
            field(field, value.startsWith(" ") ? value.substring(1) : value);
            return Optional.empty();
        }

        private void field(String field, String value) {
            switch (field) {
                case "event" -> name = value;
                case "data" -> data.append(value).append('\n');
                case "id" -> nextId = Optional.of(value);
                case "retry" -> {
                    if (value.length() <= 6 && value.chars().allMatch(Character::isDigit) && !value.isEmpty()) {
                        retry = Optional.of(Duration.ofMillis(Long.parseLong(value)));
                    }
                }
                default -> {
                    // a comment, or a field of a later standard
                }
            }
        }

        private Optional<ServerEvent> ended() {
            id = nextId;
            var text = data.isEmpty() ? "" : data.substring(0, data.length() - 1);
            var isEvent = !data.isEmpty();
            var event = new ServerEvent(name.isEmpty() ? "message" : name, id, text);
            data.setLength(0);
            name = "";
            return isEvent ? Optional.of(event) : Optional.empty();
        }

        /** The id to resume behind. */
        Optional<String> lastId() {
            return id;
        }

        /** How long the node asks to wait before another connection. */
        Optional<Duration> retry() {
            return retry;
        }

        /** What was cut off in the middle counts for nothing. */
        void restart() {
            nextId = id;
            data.setLength(0);
            name = "";
        }
    }
}
