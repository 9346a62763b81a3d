package io.merklite.loadtest.gatling;

import static io.gatling.javaapi.core.CoreDsl.StringBody;
import static io.gatling.javaapi.core.CoreDsl.jmesPath;
import static io.gatling.javaapi.core.CoreDsl.substring;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.status;

import io.gatling.javaapi.core.Session;
import io.gatling.javaapi.http.HttpProtocolBuilder;
import io.gatling.javaapi.http.HttpRequestActionBuilder;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/** Requests that all simulations are made of; the body of each answer is looked at. */
final class Requests {
    static final String TABLE = "CREATE TABLE item(id INTEGER PRIMARY KEY, value INTEGER, label TEXT)";
    static final String UPSERT = "INSERT INTO item(id, value, label) VALUES (?1, ?2, ?3)"
            + " ON CONFLICT(id) DO UPDATE SET value = excluded.value, label = excluded.label";
    static final String SELECT = "SELECT value FROM item WHERE id = ?1";
    static final String LABEL = "x".repeat(100);

    /** Microseconds by the clock when this JVM began: later runs write other values, since one that is there already is no change. */
    private static final AtomicLong NUMBERS = new AtomicLong(System.currentTimeMillis() * 1000);

    private Requests() {}

    /** A number that no other request has, of this run or of earlier ones at the same nodes. */
    static long nextNumber() {
        return NUMBERS.incrementAndGet();
    }

    /** Users that share connections, as behind a client's pool. Each begins at another node of {@code urls}. */
    static HttpProtocolBuilder protocol(List<String> urls) {
        return http.baseUrls(urls)
                .contentTypeHeader("application/json")
                .disableCaching()
                .disableFollowRedirect()
                .shareConnections();
    }

    /** One statement over Hrana, at the user's node. */
    static HttpRequestActionBuilder statement(String name, String database, Function<Session, String> body) {
        return statement(name, database, body, "");
    }

    /** The same at the node with this URL, which ends with a slash. */
    static HttpRequestActionBuilder statement(
            String name, String database, Function<Session, String> body, String url) {
        return http(name)
                .post(url + "db/" + database + "/v2/pipeline")
                .body(StringBody(body))
                .check(
                        status().is(200),
                        substring("\"error\"").notExists(),
                        jmesPath("results[0].type").is("ok"));
    }

    /** A write of one row: a key below {@code keyCount}. */
    static HttpRequestActionBuilder upsert(String name, String database, int keyCount) {
        return statement(name, database, session -> {
                    var number = nextNumber();
                    return pipeline(UPSERT, integer(number % keyCount), integer(number), text(LABEL));
                })
                .check(jmesPath("results[0].response.result.affected_row_count")
                        .ofInt()
                        .is(1));
    }

    /** A read of one row by its key. */
    static HttpRequestActionBuilder select(String name, String database, int keyCount) {
        return statement(name, database, session -> pipeline(SELECT, integer(nextNumber() % keyCount)));
    }

    /** One statement in a stream of its own, which is how clients do it. */
    static String pipeline(String sql, String... args) {
        return "{\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"" + sql + "\",\"args\":["
                + String.join(",", args) + "]}},{\"type\":\"close\"}]}";
    }

    static String integer(long value) {
        return "{\"type\":\"integer\",\"value\":\"" + value + "\"}";
    }

    static String text(String value) {
        return "{\"type\":\"text\",\"value\":\"" + value + "\"}";
    }
}
