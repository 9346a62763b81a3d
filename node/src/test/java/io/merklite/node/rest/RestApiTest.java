package io.merklite.node.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.merklite.node.http.Access.Right;
import io.merklite.node.serve.OneNode;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class RestApiTest {
    private static final String ITEM = "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)";
    private static final AtomicInteger COUNT = new AtomicInteger();

    @TempDir
    static Path directory;

    private static OneNode node;

    @BeforeAll
    static void start() {
        node = OneNode.secured(directory);
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    // ---- databases

    @Test
    void databaseIsMadeOnceWithItsSchema() {
        var made = node.send("PUT", "v1/databases/made", "{\"schema\":\"" + ITEM + "\"}");
        var again = node.send("PUT", "v1/databases/made", "{\"schema\":\"" + ITEM + "\"}");
        var other = node.send("PUT", "v1/databases/made", "{\"schema\":\"CREATE TABLE other(id)\"}");

        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        assertThat(made.headers().firstValue("merklite-bookmark")).isPresent();
        assertThat(again.statusCode()).isEqualTo(200);
        assertThat(other.statusCode()).isEqualTo(409);
        assertThat(code(other)).isEqualTo("SCHEMA_DIFFERS");
        assertThat(json(node.send("GET", "v1/databases/made", ""))
                        .get("createdAt")
                        .getAsString())
                .endsWith("Z");
    }

    @Test
    void databaseOfAWrongSchemaIsNotMade() {
        var made = node.send("PUT", "v1/databases/wrong", "{\"schema\":\"CREATE TABEL x(id)\"}");

        assertThat(made.statusCode()).isEqualTo(400);
        assertThat(node.send("GET", "v1/databases/wrong", "").statusCode()).isEqualTo(404);
        assertThat(node.send("PUT", "v1/databases/wrong", "{\"schemas\":1}").statusCode())
                .isEqualTo(400);
    }

    @Test
    void listEndsWithoutAToken() {
        node.send("PUT", "v1/databases/list-1", "");
        node.send("PUT", "v1/databases/list-2", "");

        var first = json(node.send("GET", "v1/databases?prefix=list-&limit=1", ""));
        var second = json(node.send(
                "GET",
                "v1/databases?prefix=list-&limit=1&after=" + first.get("next").getAsString(),
                ""));

        assertThat(first.getAsJsonArray("items")).hasSize(1);
        assertThat(second.getAsJsonArray("items")
                        .get(0)
                        .getAsJsonObject()
                        .get("name")
                        .getAsString())
                .isEqualTo("list-2");
        assertThat(second.get("next").isJsonNull()).isTrue();
    }

    @Test
    void dropWantsTheNameTwice() {
        var name = database();

        assertThat(node.send("DELETE", "v1/databases/" + name, "").statusCode()).isEqualTo(409);
        assertThat(node.send("DELETE", "v1/databases/" + name + "?confirm=" + name, "")
                        .statusCode())
                .isEqualTo(200);
        assertThat(node.send("GET", "v1/databases/" + name + "/status", "").statusCode())
                .isEqualTo(404);
        assertThat(node.send("DELETE", "v1/databases/" + name + "?confirm=" + name, "")
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void statusHasWhatReplicasCompare() {
        var name = database();

        var status = json(node.send("GET", path(name, "status"), ""));

        assertThat(status.get("node").getAsString()).isEqualTo("n1");
        assertThat(status.get("root").getAsString()).matches("[0-9a-f]{16}");
        assertThat(status.getAsJsonObject("vector").size()).isPositive();
        assertThat(status.get("conflictCount").getAsInt()).isZero();
        assertThat(status.get("sizeBytes").getAsLong()).isPositive();
    }

    // ---- SQL

    @Test
    void transactionAnswersInRqlitesShape() {
        var name = database();

        var answer = node.send(
                "POST",
                path(name, "transaction"),
                "[[\"INSERT INTO item VALUES (?, ?)\", 7, \"seven\"], [\"INSERT INTO item VALUES (:id, NULL)\", {\"id\": 8}]]");
        var results = json(answer).getAsJsonArray("results");

        assertThat(results).hasSize(2);
        assertThat(results.get(0).getAsJsonObject().get("last_insert_id").getAsLong())
                .isEqualTo(7);
        assertThat(results.get(0).getAsJsonObject().get("rows_affected").getAsLong())
                .isEqualTo(1);
        var bookmark = answer.headers().firstValue("merklite-bookmark").orElseThrow();
        assertThat(json(answer).get("bookmark").getAsString()).isEqualTo(bookmark);
        assertThat(values(query(name + "/query?after=" + bookmark, "\"SELECT count(*) FROM item\"")))
                .isEqualTo("[[2]]");
    }

    @Test
    void transactionThatFailsKeepsNothing() {
        var name = database();

        var answer = node.send(
                "POST",
                path(name, "transaction"),
                "[[\"INSERT INTO item VALUES (1, 'one')\"], [\"INSERT INTO item VALUES (1, 'again')\"]]");

        assertThat(answer.statusCode()).isEqualTo(409);
        assertThat(code(answer)).isEqualTo("SQLITE_CONSTRAINT");
        assertThat(answer.body()).contains("statement 2");
        assertThat(values(query(name + "/query", "\"SELECT count(*) FROM item\"")))
                .isEqualTo("[[0]]");
    }

    @Test
    void queryHasColumnsTypesAndValues() {
        var name = database();
        write(name, "[\"INSERT INTO item VALUES (9007199254740993, ?)\", {\"base64\":\"AQI=\"}]");

        var plain = query(name + "/query", "\"SELECT id, label, 1.5 AS x, NULL AS \\\"n\\\" FROM item\"");
        var named = query(name + "/query?associative", "\"SELECT id FROM item\"");

        assertThat(plain.getAsJsonArray("columns").toString()).isEqualTo("[\"id\",\"label\",\"x\",\"n\"]");
        assertThat(plain.getAsJsonArray("types").toString()).isEqualTo("[\"integer\",\"text\",\"real\",\"\"]");
        assertThat(plain.getAsJsonArray("values").toString())
                .isEqualTo("[[9007199254740993,{\"base64\":\"AQI\"},1.5,null]]");
        assertThat(named.getAsJsonArray("rows").toString()).isEqualTo("[{\"id\":9007199254740993}]");
    }

    @Test
    void queriesOfAListFailAloneAndOneQueryFailsWithAStatus() {
        var name = database();

        var list = json(node.send("POST", path(name, "query"), "[[\"SELECT * FROM missing\"], [\"SELECT 1\"]]"))
                .getAsJsonArray("results");
        var one = node.send("POST", path(name, "query"), "\"SELECT * FROM missing\"");
        var write = node.send("POST", path(name, "query"), "\"DELETE FROM item\"");

        assertThat(list.get(0).getAsJsonObject().get("error").getAsString()).contains("missing");
        assertThat(values(list.get(1).getAsJsonObject())).isEqualTo("[[1]]");
        assertThat(one.statusCode()).isEqualTo(400);
        assertThat(write.statusCode()).isEqualTo(400);
        assertThat(code(write)).isEqualTo("SQLITE_READONLY");
    }

    @Test
    void rowsComeAsLines() {
        var name = database();
        write(
                name,
                "\"INSERT INTO item WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT i, 'x' FROM n\"");
        var request = node.request(path(name, "query"))
                .header("Accept", "application/x-ndjson")
                .POST(BodyPublishers.ofString("\"SELECT id FROM item ORDER BY id\""));

        var lines = node.send(request, BodyHandlers.ofString()).body().lines().toList();

        assertThat(lines).hasSize(3002);
        assertThat(lines.get(0)).isEqualTo("{\"columns\":[\"id\"]}");
        assertThat(lines.get(3000)).isEqualTo("{\"row\":[3000,[3000]]}");
        assertThat(lines.getLast()).startsWith("{\"eoq\":{\"time\":");
    }

    @Test
    void readsSayHowFreshTheyMustBe() {
        var name = database();
        write(name, "\"INSERT INTO item VALUES (1, 'one')\"");

        for (var level : List.of("local", "bookmark", "writer")) {
            assertThat(values(query(name + "/query?level=" + level, "\"SELECT label FROM item\"")))
                    .isEqualTo("[[\"one\"]]");
        }
        assertThat(node.send("POST", path(name, "query") + "?level=strong", "\"SELECT 1\"")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void bodiesThatAreWrongAreRefused() {
        var name = database();

        for (var body : List.of("", "{", "[]", "[[]]", "7", "{\"q\":1}", "[\"SELECT ?\", {\"a\":{}}]")) {
            var answer = node.send("POST", path(name, "query"), body);

            assertThat(answer.statusCode()).as(body).isEqualTo(400);
            assertThat(code(answer)).as(body).isIn("BODY_INVALID", "ARGS_INVALID");
        }
        assertThat(node.send("POST", path(name, "query") + "?after=nonsense", "\"SELECT 1\"")
                        .statusCode())
                .isEqualTo(400);
        assertThat(node.send("POST", path(name, "transaction") + "?ack=some", "\"SELECT 1\"")
                        .statusCode())
                .isEqualTo(400);
        assertThat(node.send("POST", path("missing", "query"), "\"SELECT 1\"").statusCode())
                .isEqualTo(404);
    }

    // ---- schema

    @Test
    void schemaIsPlannedAndMigrated() {
        var name = database();
        var wanted =
                "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT, size INTEGER); CREATE INDEX size ON item(size)";

        var plan = json(node.send("POST", path(name, "schema/plan"), wanted));
        var before = json(node.send("GET", path(name, "schema"), ""));
        var migrated = json(node.send("PUT", path(name, "schema"), wanted));
        var after = json(node.send("GET", path(name, "schema"), ""));

        assertThat(plan.getAsJsonArray("operations")).hasSize(2);
        assertThat(plan.getAsJsonArray("risks")).isEmpty();
        assertThat(before.get("fingerprint")).isEqualTo(plan.get("fingerprint"));
        assertThat(migrated.get("fingerprint")).isEqualTo(after.get("fingerprint"));
        assertThat(after.get("schema").getAsString()).contains("size INTEGER");
        assertThat(json(node.send("PUT", path(name, "schema"), wanted)).getAsJsonArray("operations"))
                .isEmpty();
    }

    @Test
    void lossesMustBePermitted() {
        var name = database();
        var wanted = "CREATE TABLE item(id INTEGER PRIMARY KEY)";

        var refused = node.send("PUT", path(name, "schema"), wanted);
        var permitted = node.send("PUT", path(name, "schema") + "?allow=destructive,rebuild", wanted);

        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(code(refused)).isEqualTo("SCHEMA_CHANGE_REFUSED");
        assertThat(permitted.statusCode()).as(permitted.body()).isEqualTo(200);
    }

    @Test
    void schemaComesAsText() {
        var name = database();

        var answer =
                node.send(node.request(path(name, "schema")).header("Accept", "text/sql"), BodyHandlers.ofString());

        assertThat(answer.headers().firstValue("content-type").orElseThrow()).startsWith("text/sql");
        assertThat(answer.body()).startsWith("CREATE TABLE item");
    }

    // ---- conflicts

    @Test
    void conflictsAreListedAndUnknownOnesAreNotRestored() {
        var name = database();

        var list = json(node.send("GET", path(name, "conflicts") + "?table=item&since=2026-01-01T00:00:00Z", ""));
        var restored = node.send("POST", path(name, "conflicts/none/restore"), "");
        var discarded = node.send("DELETE", path(name, "conflicts/none"), "");

        assertThat(list.getAsJsonArray("items")).isEmpty();
        assertThat(restored.statusCode()).as(restored.body()).isEqualTo(404);
        assertThat(discarded.statusCode()).as(discarded.body()).isEqualTo(200);
        assertThat(node.send("GET", path(name, "conflicts") + "?since=yesterday", "")
                        .statusCode())
                .isEqualTo(400);
    }

    // ---- feeds

    @Test
    void changesAreToldAndGoOnFromTheirId() {
        var name = database();
        var feed = events(path(name, "changes") + "?tables=item");
        var start = feed.next();
        write(name, "\"INSERT INTO item VALUES (1, 'one')\"");
        write(name, "\"UPDATE item SET label = 'uno'\"");

        var insert = feed.next();
        var update = feed.next();
        var again = events(path(name, "changes") + "?since=" + insert.id());
        again.next();

        assertThat(start.name()).isEqualTo("heartbeat");
        var row = JsonParser.parseString(insert.data())
                .getAsJsonObject()
                .getAsJsonArray("rows")
                .get(0)
                .getAsJsonObject();
        assertThat(row.get("op").getAsString()).isEqualTo("insert");
        assertThat(row.getAsJsonObject("new").toString())
                .isEqualTo(
                        "{\"id\":{\"type\":\"integer\",\"value\":\"1\"},\"label\":{\"type\":\"text\",\"value\":\"one\"}}");
        assertThat(update.data()).contains("\"op\":\"update\"", "\"old\":{", "\"one\"", "\"uno\"");
        assertThat(again.next()).isEqualTo(update);
    }

    @Test
    void changesComeAsLinesOfPlainValues() {
        var name = database();
        var lines = lines(path(name, "changes") + "?values=keys", "application/x-ndjson");
        lines.next();

        write(name, "\"INSERT INTO item VALUES (1, 'one')\"");

        assertThat(lines.next())
                .contains("\"transaction\":{", "\"rows\":[{\"table\":\"item\",\"op\":\"insert\",\"key\":{\"id\":1}}]");
    }

    @Test
    void resultOfAQueryIsFollowed() {
        var name = database();
        write(name, "\"INSERT INTO item VALUES (1, 'one'), (2, 'two')\"");
        var feed = events(path(name, "subscriptions") + "?q=" + encoded("SELECT id, label FROM item WHERE id > 1"));

        var first = List.of(feed.next(), feed.next(), feed.next());
        write(name, "\"UPDATE item SET label = 'zwei' WHERE id = 2\"");
        var update = feed.next();
        write(name, "\"DELETE FROM item WHERE id = 2\"");

        assertThat(first.stream().map(Event::name)).containsExactly("columns", "row", "ready");
        assertThat(first.get(0).data()).isEqualTo("[\"id\",\"label\"]");
        assertThat(update.data()).startsWith("[\"update\",\"1\",[").contains("zwei");
        assertThat(feed.next().data()).startsWith("[\"delete\",\"1\",[");
    }

    @Test
    void followedQueryGoesOnWhereItsConnectionBroke() {
        var name = database();
        write(name, "\"INSERT INTO item VALUES (1, 'one')\"");
        var begun = node.send(
                node.request(path(name, "subscriptions"))
                        .POST(BodyPublishers.ofString("\"SELECT id, label FROM item\"")),
                BodyHandlers.ofLines());
        var id = begun.headers().firstValue("merklite-subscription").orElseThrow();
        var first = events(begun);
        var ready = List.of(first.next(), first.next(), first.next()).getLast();
        write(name, "\"UPDATE item SET label = 'uno'\"");
        var update = first.next();
        begun.body().close();
        write(name, "\"INSERT INTO item VALUES (2, 'due')\"");

        var subscription = path(name, "subscriptions/" + id);
        var behindReady = events(subscription + "?from=" + ready.id());
        var behindUpdate = events(node.send(
                node.request(path(name, "subscriptions") + "?q=" + encoded("SELECT id, label FROM item"))
                        .header("Accept", "text/event-stream")
                        .header("Last-Event-ID", update.id()),
                BodyHandlers.ofLines()));

        assertThat(update.id()).isEqualTo(id + "-1");
        assertThat(behindReady.next()).isEqualTo(update);
        assertThat(behindUpdate.next().data()).startsWith("[\"insert\",\"2\",[").contains("due");
        assertThat(node.send("GET", subscription + "?from=" + id + "-99", "").statusCode())
                .isEqualTo(410);
        assertThat(node.send("GET", subscription + "?from=" + update.id(), "").statusCode())
                .as("it was given up with that")
                .isEqualTo(404);
    }

    @Test
    void connectionThatGoesOnEndsTheOneBeforeIt() {
        var name = database();
        var begun = node.send(
                node.request(path(name, "subscriptions")).POST(BodyPublishers.ofString("\"SELECT id FROM item\"")),
                BodyHandlers.ofLines());
        var id = begun.headers().firstValue("merklite-subscription").orElseThrow();
        var first = events(begun);
        first.next();
        first.next();

        var second = events(path(name, "subscriptions/" + id) + "?from=" + id + "-0");
        write(name, "\"INSERT INTO item VALUES (1, 'one')\"");

        assertThat(second.next().data()).startsWith("[\"insert\"");
        assertThat(first.hasNext()).as("it ends with the next event").isFalse();
    }

    @Test
    void subscriptionOfOneDatabaseIsNoneOfAnother() {
        var name = database();
        var other = database();
        var begun = node.send(
                node.request(path(name, "subscriptions")).POST(BodyPublishers.ofString("\"SELECT 1\"")),
                BodyHandlers.ofLines());
        var id = begun.headers().firstValue("merklite-subscription").orElseThrow();

        assertThat(node.send("GET", path(other, "subscriptions/" + id + "?from=" + id + "-0"), "")
                        .statusCode())
                .isEqualTo(404);
        assertThat(node.send("GET", path(name, "subscriptions/" + id + "?from=here"), "")
                        .statusCode())
                .isEqualTo(400);
        begun.body().close();
    }

    @Test
    void feedThatBeginsBeforeTheLogSaysThatItHasAGap(@TempDir Path folder) {
        var settings = Map.of("merklite.log.retain.count", "64", "merklite.replication.log-window", "64 KiB");
        try (var forgetful = OneNode.open(folder, settings)) {
            forgetful.send("PUT", "v1/databases/shop", "{\"schema\":\"" + ITEM + "\"}");
            var since = forgetful
                    .send("POST", "v1/databases/shop/transaction", "\"INSERT INTO item VALUES (0, 'first')\"")
                    .headers()
                    .firstValue("merklite-bookmark")
                    .orElseThrow();
            var text = "x".repeat(2_000);
            for (var i = 1; i <= 200; i++) {
                forgetful.send(
                        "POST",
                        "v1/databases/shop/transaction",
                        "[\"INSERT INTO item VALUES (?, ?)\", " + i + ", \"" + text + "\"]");
            }

            var feed = events(forgetful.send(
                    forgetful.request("v1/databases/shop/changes?since=" + since), BodyHandlers.ofLines()));
            feed.next();
            var gap = feed.next();
            forgetful.send("POST", "v1/databases/shop/transaction", "\"DELETE FROM item WHERE id = 7\"");

            assertThat(gap.name()).isEqualTo("gap");
            assertThat(gap.data()).contains(gap.id(), "/v1/databases/shop/snapshots/latest");
            assertThat(feed.next().data()).contains("\"op\":\"delete\"");
        }
    }

    @Test
    void readerOfANarrowFeedMissesNothing(@TempDir Path folder) {
        var settings = Map.of("merklite.rest.feed-buffer-count", "1", "merklite.rest.feed-buffer-size", "1 KiB");
        try (var narrow = OneNode.open(folder, settings)) {
            narrow.send("PUT", "v1/databases/shop", "{\"schema\":\"" + ITEM + "\"}");
            var since = narrow.send("POST", "v1/databases/shop/transaction", "\"INSERT INTO item VALUES (0, 'first')\"")
                    .headers()
                    .firstValue("merklite-bookmark")
                    .orElseThrow();
            for (var i = 1; i <= 100; i++) {
                narrow.send("POST", "v1/databases/shop/transaction", "\"INSERT INTO item VALUES (" + i + ", 'x')\"");
            }

            var place = since;
            var told = 0;
            while (told < 100) { // all at once may be too many for the room there is: then it takes several connections
                var feed = events(narrow.send(
                        narrow.request("v1/databases/shop/changes?since=" + place), BodyHandlers.ofLines()));
                for (var event = feed.next(); ; event = feed.next()) {
                    place = event.id();
                    told += event.name().equals("transaction") ? 1 : 0;
                    if (event.name().equals("lagged") || told == 100) {
                        break;
                    }
                }
            }

            assertThat(told).isEqualTo(100);
        }
    }

    /** What waits on the way is at most some MiB for each socket: behind that it waits in the node. */
    @Test
    void readerThatStopsIsToldThatItLaggedAndGoesOnFromThere(@TempDir Path folder) {
        var settings = Map.of("merklite.rest.feed-buffer-count", "1", "merklite.rest.feed-buffer-size", "1 KiB");
        try (var narrow = OneNode.open(folder, settings)) {
            narrow.send("PUT", "v1/databases/shop", "{\"schema\":\"" + ITEM + "\"}");
            var stopped = narrow.send(narrow.request("v1/databases/shop/changes"), BodyHandlers.ofLines());
            var count = 48;
            for (var i = 1; i <= count; i++) {
                narrow.send(
                        "POST",
                        "v1/databases/shop/transaction",
                        "\"INSERT INTO item VALUES (" + i + ", hex(randomblob(500000)))\"");
            }

            var feed = events(stopped);
            var told = 0;
            var event = feed.next();
            for (; !event.name().equals("lagged"); event = feed.next()) {
                told += event.name().equals("transaction") ? 1 : 0;
            }

            assertThat(told).isLessThan(count);
            assertThat(feed.hasNext()).as("nothing follows").isFalse();
            var place = event.id();
            while (told < count) {
                var rest = events(narrow.send(
                        narrow.request("v1/databases/shop/changes?since=" + place), BodyHandlers.ofLines()));
                for (event = rest.next(); !event.name().equals("lagged"); event = rest.next()) {
                    place = event.id();
                    told += event.name().equals("transaction") ? 1 : 0;
                    if (told == count) {
                        break;
                    }
                }
            }
            assertThat(told).isEqualTo(count);
        }
    }

    @Test
    void followedQueryMayHaveValuesAndMustRead() {
        var name = database();
        write(name, "\"INSERT INTO item VALUES (1, 'it''s')\"");
        var request = node.request(path(name, "subscriptions"))
                .header("Accept", "application/x-ndjson")
                .POST(BodyPublishers.ofString("[\"SELECT id FROM item WHERE label = ?\", \"it's\"]"));

        var lines = node.send(request, BodyHandlers.ofLines()).body().iterator();

        assertThat(lines.next()).isEqualTo("{\"columns\":[\"id\"]}");
        assertThat(lines.next()).isEqualTo("{\"row\":[\"1\",[1]]}");
        assertThat(lines.next()).contains("\"eoq\"");
        assertThat(node.send("POST", path(name, "subscriptions"), "\"DELETE FROM item\"")
                        .statusCode())
                .isEqualTo(400);
        assertThat(node.send("POST", path(name, "subscriptions"), "\"SELECT * FROM missing\"")
                        .statusCode())
                .isEqualTo(400);
        assertThat(node.send("GET", path("missing", "changes"), "").statusCode())
                .isEqualTo(404);
    }

    // ---- files

    @Test
    void snapshotIsAPlainFileAndIsImported(@TempDir Path folder) throws Exception {
        var name = database();
        write(
                name,
                "\"INSERT INTO item WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i, 'x' || i FROM n\"");
        write(name, "\"CREATE INDEX label ON item(label)\"");
        var file = folder.resolve("copy.db");

        var made = json(node.send("POST", path(name, "snapshots"), ""), 201);
        var part = node.send(
                node.request(path(name, "snapshots/" + made.get("id").getAsString()))
                        .header("Range", "bytes=0-15"),
                BodyHandlers.ofString());
        var whole = node.send(node.request(path(name, "snapshots/latest")), BodyHandlers.ofFile(file));

        assertThat(part.statusCode()).isEqualTo(206);
        assertThat(part.body()).isEqualTo("SQLite format 3\0");
        assertThat(whole.statusCode()).isEqualTo(200);
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                var rows = connection.createStatement().executeQuery("SELECT count(*) FROM item")) {
            assertThat(rows.getInt(1)).isEqualTo(5000);
        }

        node.send("PUT", "v1/databases/copy", "");
        var imported = node.send(
                node.request("v1/databases/copy/import").POST(BodyPublishers.ofFile(file)), BodyHandlers.ofString());
        assertThat(json(imported).get("rowCount").getAsLong()).isEqualTo(5000);
        assertThat(values(query("copy/query", "\"SELECT label FROM item WHERE id = 77\"")))
                .isEqualTo("[[\"x77\"]]");
        assertThat(node.send("GET", path("copy", "schema"), "").body()).contains("CREATE INDEX");
        assertThat(code(node.send("POST", "v1/databases/copy/import", "CREATE TABLE x(id)")))
                .isEqualTo("DATABASE_NOT_EMPTY");
        assertThat(node.send("GET", path(name, "snapshots/none"), "").statusCode())
                .isEqualTo(404);
    }

    @Test
    void dumpIsImportedWholeOrNotAtAll() {
        node.send("PUT", "v1/databases/dump", "");
        node.send("PUT", "v1/databases/bad-dump", "");
        var dump = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n" + ITEM
                + ";\nINSERT INTO item VALUES(1,'a;b');\nCOMMIT;\n";

        var good = node.send("POST", "v1/databases/dump/import", dump);
        var bad = node.send("POST", "v1/databases/bad-dump/import", ITEM + "; INSERT INTO nowhere VALUES (1)");

        assertThat(good.statusCode()).as(good.body()).isEqualTo(200);
        assertThat(values(query("dump/query", "\"SELECT label FROM item\""))).isEqualTo("[[\"a;b\"]]");
        assertThat(bad.statusCode()).isEqualTo(400);
        assertThat(node.send("POST", "v1/databases/bad-dump/import", ITEM).statusCode())
                .isEqualTo(200);
    }

    @Test
    void importThatTakesLongShowsThatItLives(@TempDir Path folder) {
        var counting =
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n";
        try (var quick = OneNode.open(folder, Map.of("merklite.rest.heartbeat", "100 ms"))) {
            quick.send("PUT", "v1/databases/good", "");
            quick.send("PUT", "v1/databases/bad", "");

            var good = quick.send("POST", "v1/databases/good/import", ITEM + "; " + counting);
            var bad = quick.send(
                    "POST", "v1/databases/bad/import", ITEM + "; " + counting + "; INSERT INTO nowhere VALUES (1)");

            assertThat(good.statusCode()).isEqualTo(200);
            assertThat(good.body()).startsWith(" ").contains("\"bookmark\"");
            assertThat(bad.statusCode()).isEqualTo(200);
            assertThat(bad.body()).startsWith(" ").contains("\"code\"").contains("nowhere");
        }
    }

    @Test
    void damagedFileIsRefused() {
        node.send("PUT", "v1/databases/damaged", "");

        var answer = node.send("POST", "v1/databases/damaged/import", "SQLite format 3\0 and nothing else");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(code(answer)).isEqualTo("FILE_UNUSABLE");
    }

    // ---- the cluster, and the door itself

    @Test
    void nodeTellsOfItsCluster() {
        var name = database();

        assertThat(json(node.send("GET", "v1/status", "")).get("version").getAsString())
                .isEqualTo("1.2.3");
        assertThat(json(node.send("GET", "v1/status", "")).get("diskFreeBytes").getAsLong())
                .isPositive();
        assertThat(json(node.send("GET", "v1/nodes?wide", "")).toString())
                .contains("\"id\":\"n1\"", "\"state\":\"up\"");
        assertThat(json(node.send("GET", "v1/topology", "")).getAsJsonArray("datacenters"))
                .hasSize(1);
        assertThat(json(node.send("GET", path(name, "placement"), "")).toString())
                .contains("\"nodes\":[\"n1\"]");
        assertThat(node.send("DELETE", "v1/nodes/n1", "").statusCode()).isEqualTo(409);
        assertThat(node.send("POST", "v1/nodes/none/drain", "").statusCode()).isEqualTo(404);
    }

    @Test
    void rightsAreAskedForOnEveryRoute() {
        var name = database();
        var reader = node.token(name, Right.READ);

        assertThat(status("POST", path(name, "query"), "\"SELECT 1\"", reader)).isEqualTo(200);
        assertThat(status("POST", path(name, "transaction"), "\"SELECT 1\"", reader))
                .isEqualTo(403);
        assertThat(status("PUT", path(name, "schema"), ITEM, reader)).isEqualTo(403);
        assertThat(status("POST", path(name, "import"), ITEM, reader)).isEqualTo(403);
        assertThat(status("DELETE", path(name, "conflicts/1"), "", reader)).isEqualTo(403);
        assertThat(status("GET", "v1/nodes", "", reader)).isEqualTo(403);
        assertThat(status("GET", path(name, "status"), "", "nonsense")).isEqualTo(401);
        assertThat(status("GET", "v1/openapi.json", "", "")).isEqualTo(200);
    }

    @Test
    void routesAndDescriptionAgree() {
        var described = new ArrayList<String>();
        json(node.send("GET", "v1/openapi.json", ""))
                .getAsJsonObject("paths")
                .entrySet()
                .forEach(path -> path.getValue()
                        .getAsJsonObject()
                        .keySet()
                        .forEach(method ->
                                described.add(method.toUpperCase(java.util.Locale.ROOT) + " " + path.getKey())));
        var served = new ArrayList<String>();
        json(node.send("GET", "v1", "")).getAsJsonArray("items").forEach(item -> {
            var route = item.getAsJsonObject();
            assertThat(route.get("summary").getAsString()).isNotEmpty();
            served.add(
                    route.get("method").getAsString() + " " + route.get("path").getAsString());
        });

        assertThat(described).containsAll(served);
        described.removeAll(served);
        assertThat(described)
                .allSatisfy(probe -> assertThat(status("GET", probe.substring("GET /".length()), "", ""))
                        .isEqualTo(200));
    }

    @Test
    void wrongMethodsAndPathsAreTold() {
        var wrong = node.send("PATCH", "v1/databases", "");

        assertThat(wrong.statusCode()).isEqualTo(405);
        assertThat(wrong.headers().firstValue("allow")).hasValue("GET");
        assertThat(node.send("GET", "v1/nothing", "").statusCode()).isEqualTo(404);
        assertThat(node.send("GET", "v1/databases/UPPER", "").statusCode()).isEqualTo(400);
        assertThat(node.send("GET", "v1/nodes?pretty", "").body()).startsWith("{\n  \"items\": [\n    {\n");
    }

    // ---- helpers

    private static String database() {
        var name = "db" + COUNT.incrementAndGet();
        var made = node.send("PUT", "v1/databases/" + name, "{\"schema\":\"" + ITEM + "\"}");
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        return name;
    }

    private static String path(String database, String rest) {
        return "v1/databases/" + database + "/" + rest;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static void write(String database, String body) {
        var answer = node.send("POST", path(database, "transaction"), body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private static JsonObject query(String path, String body) {
        JsonArray results =
                json(node.send("POST", "v1/databases/" + path, body)).getAsJsonArray("results");
        return results.get(0).getAsJsonObject();
    }

    private static String values(JsonObject result) {
        return result.getAsJsonArray("values").toString();
    }

    private static int status(String method, String path, String body, String token) {
        var request = node.request(path).method(method, BodyPublishers.ofString(body));
        request.setHeader("Authorization", "Bearer " + token);
        return node.send(request, BodyHandlers.ofString()).statusCode();
    }

    private static String code(HttpResponse<String> response) {
        return JsonParser.parseString(response.body())
                .getAsJsonObject()
                .get("code")
                .getAsString();
    }

    private static JsonObject json(HttpResponse<String> response) {
        return json(response, 200);
    }

    private static JsonObject json(HttpResponse<String> response, int status) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        return JsonParser.parseString(response.body()).getAsJsonObject();
    }

    private static Iterator<String> lines(String path, String type) {
        var request = node.request(path).header("Accept", type);
        var response = node.send(request, BodyHandlers.ofLines());
        assertThat(response.statusCode()).isEqualTo(200);
        return response.body().iterator();
    }

    private record Event(String id, String name, String data) {}

    private static Iterator<Event> events(String path) {
        return events(lines(path, "text/event-stream"));
    }

    private static Iterator<Event> events(HttpResponse<Stream<String>> response) {
        assertThat(response.statusCode()).isEqualTo(200);
        return events(response.body().iterator());
    }

    private static Iterator<Event> events(Iterator<String> lines) {
        lines.next();
        lines.next();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return lines.hasNext();
            }

            @Override
            public Event next() {
                var id = "";
                var name = "";
                var data = "";
                for (var line = lines.next(); !line.isEmpty(); line = lines.next()) {
                    var value = line.substring(line.indexOf(' ') + 1);
                    switch (line.charAt(0)) {
                        case 'i' -> id = value;
                        case 'e' -> name = value;
                        default -> data = value;
                    }
                }
                return new Event(id, name, data);
            }
        };
    }

    @Test
    void pathsWithDotSegmentsAreRefused() {
        assertThat(node.send("GET", "v1/databases/../status", "").body()).contains("PATH_INVALID");
        assertThat(node.send("GET", "v1/%2e%2e/status", "").body()).contains("PATH_INVALID");
        assertThat(node.send("GET", "v1/./status", "").statusCode()).isEqualTo(400);
    }

    @Test
    void bodyThatIsNestedTooDeeplyIsRefused() {
        node.send("PUT", "v1/databases/deep", "");

        var answer = node.send("POST", "v1/databases/deep/query", "[".repeat(50_000) + "]".repeat(50_000));

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("BODY_INVALID");
    }
}
