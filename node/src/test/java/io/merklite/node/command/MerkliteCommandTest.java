package io.merklite.node.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.merklite.node.http.Access;
import io.merklite.node.http.Access.Right;
import io.merklite.node.security.SecuritySettings;
import io.merklite.node.security.TokenAccess;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MerkliteCommandTest {
    private static final String PIPELINE = "POST /db/orders/v3/pipeline";

    @TempDir
    Path directory;

    private FakeNode node;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void start() throws IOException {
        node = new FakeNode();
    }

    @AfterEach
    void stop() {
        node.close();
    }

    @Test
    void everyCommandHasHelpThatTellsTheExitCodes() {
        for (var name : MerkliteCommand.commandLine().getSubcommands().keySet()) {
            assertThat(run(name, "--help")).as(name).isZero();
        }

        assertThat(out.toString()).contains("Exit codes:", "No node answers", "verify found copies that differ");
    }

    @Test
    void theVersionIsTold() {
        assertThat(run("--version")).isZero();

        assertThat(out.toString()).startsWith("merklite ").contains("Java ");
    }

    @Test
    void aWrongCommandLineIsToldWithTheWayToHelp() {
        assertThat(run("sql", "orders", "--jsn")).isEqualTo(ExitCode.USAGE.number());
        assertThat(err.toString()).contains("--jsn", "Try: merklite sql --help");
        assertThat(run("status", "--url", "ftp://x/")).isEqualTo(ExitCode.USAGE.number());
        assertThat(run("status", "--url", "http://a b/")).isEqualTo(ExitCode.USAGE.number());
    }

    @Test
    void rowsArePrintedAsATable() {
        node.on(
                PIPELINE,
                200,
                result("'cols':[{'name':'id'},{'name':'label'}],'rows':[[{'type':'integer','value':'7'},"
                        + "{'type':'text','value':'seven\\nup'}],[{'type':'null'},{'type':'float','value':1.5}]]"));

        assertThat(ask("sql", "orders", "SELECT * FROM item")).isZero();

        assertThat(out.toString()).isEqualToNormalizingNewlines("""
                        id    label
                        ----  ---------
                        7     seven\\nup
                        NULL  1.5
                        """);
        assertThat(node.asked().getFirst().body()).contains("SELECT * FROM item");
    }

    @Test
    void rowsArePrintedAsJsonWithIntegersInFull() {
        node.on(
                PIPELINE,
                200,
                result(
                        "'cols':[{'name':'n'},{'name':'b'}],'affected_row_count':0,"
                                + "'rows':[[{'type':'integer','value':'9223372036854775807'},{'type':'blob','base64':'AQI'}]]"));

        assertThat(ask("sql", "orders", "SELECT 1", "--json")).isZero();

        assertThat(out.toString().strip())
                .isEqualTo(
                        "{\"columns\":[\"n\",\"b\"],\"rows\":[[9223372036854775807,{\"base64\":\"AQI\"}]],\"changed\":0}");
    }

    @Test
    void changesAreCounted() {
        node.on(PIPELINE, 200, result("'cols':[],'rows':[],'affected_row_count':3"));

        assertThat(ask("sql", "orders", "DELETE FROM item")).isZero();

        assertThat(out.toString()).contains("3 rows changed");
    }

    @Test
    void everyStatementOfAFileIsRun() throws IOException {
        node.on(PIPELINE, 200, result("'cols':[],'rows':[],'affected_row_count':1"));
        var file = Files.writeString(directory.resolve("a.sql"), "INSERT INTO t VALUES (';');\n-- done\nDELETE FROM t");

        assertThat(ask("sql", "orders", "--file", file.toString())).isZero();

        assertThat(node.asked()).hasSize(2);
        assertThat(node.asked().getFirst().body()).contains("VALUES (';')");
    }

    @Test
    void aStreamGoesOnWithItsBatonAndIsClosed() {
        node.on(
                PIPELINE,
                200,
                "{'baton':'b1','base_url':null,'results':[{'type':'ok','response':{'type':'execute',"
                        + "'result':{'cols':[],'rows':[],'affected_row_count':0}}}]}");

        assertThat(ask("sql", "orders", "BEGIN; COMMIT;")).isZero();

        assertThat(node.asked()).hasSize(3);
        assertThat(node.asked().get(1).body()).contains("\"baton\":\"b1\"");
        assertThat(node.asked().get(2).body()).contains("close");
    }

    @Test
    void aStatementThatFailsSaysSo() {
        node.on(
                PIPELINE,
                200,
                "{'baton':null,'results':[{'type':'error','error':{'message':'no such table: x','code':'SQLITE_UNKNOWN'}}]}");

        assertThat(ask("sql", "orders", "SELECT * FROM x")).isEqualTo(ExitCode.FAILED.number());

        assertThat(err.toString()).contains("node.statement-failed", "SQLITE_UNKNOWN: no such table: x");
    }

    @Test
    void aNodeThatDoesNotAnswerIsUnreachable() {
        var url = node.url();
        node.close();

        assertThat(run("status", "--url", url)).isEqualTo(ExitCode.UNREACHABLE.number());

        assertThat(err.toString()).contains("node.unreachable", url);
    }

    @Test
    void refusalsAreToldWithWhatToDo() {
        node.on(PIPELINE, 401, "{'message':'the token has expired','code':'AUTH_JWT_EXPIRED'}");

        assertThat(ask("sql", "orders", "SELECT 1")).isEqualTo(ExitCode.REFUSED.number());

        assertThat(err.toString()).contains("AUTH_JWT_EXPIRED: the token has expired", "--token-file");
    }

    @Test
    void whatIsNoJsonIsUnexpected() {
        node.on("GET /v1/databases/orders/status", 200, "<html>");

        assertThat(ask("status", "orders")).isEqualTo(ExitCode.FAILED.number());

        assertThat(err.toString()).contains("node.unexpected-answer");
    }

    @Test
    void theTokenGoesWithEveryRequestAndIntoNoOutput() throws IOException {
        var token = Files.writeString(directory.resolve("token"), "secret-token\n");
        node.on("GET /v1/databases/orders/status", 200, "{'root':'a'}");

        assertThat(ask("status", "orders", "--token-file", token.toString())).isZero();

        assertThat(node.asked().getFirst().authorization()).contains("Bearer secret-token");
        assertThat(out.toString() + err).doesNotContain("secret-token");
    }

    @Test
    void theStatusOfANodeHasItsClusterAndDatabases() {
        node.on("GET /v1/status", 200, "{'version':'1'}")
                .on("GET /v1/nodes", 200, "{'items':[{'id':'n1','state':'up'}],'next':null}")
                .on("GET /v1/databases?limit=1000", 200, "{'items':[{'name':'orders'}],'next':null}");

        assertThat(ask("status")).isZero();
        assertThat(out.toString()).contains("nodes:", "n1  up", "databases:", "orders");

        assertThat(ask("status", "--json")).isZero();
        assertThat(out.toString()).contains("{\"node\":{\"version\":\"1\"},\"nodes\":[{\"id\":\"n1\"");
    }

    @Test
    void equalCopiesVerify() throws IOException {
        try (var other = new FakeNode()) {
            sound(node, "aa");
            sound(other, "aa");

            assertThat(ask("verify", "orders", "--with", other.url())).isZero();

            assertThat(out.toString()).contains("All are equal.", "sound");
        }
    }

    @Test
    void copiesThatStayDifferentDoNotVerify() throws IOException {
        try (var other = new FakeNode()) {
            sound(node, "aa");
            sound(other, "bb");

            var code = ask("verify", "orders", "--with", other.url(), "--wait", "0", "--json");

            assertThat(code).isEqualTo(ExitCode.DIFFERENT.number());
            var json = JsonParser.parseString(out.toString()).getAsJsonObject();
            assertThat(json.get("equal").getAsBoolean()).isFalse();
            assertThat(json.getAsJsonArray("copies")).hasSize(2);
        }
    }

    @Test
    void aDamagedFileDoesNotVerify() {
        node.on("GET /v1/databases/orders/status", 200, "{'root':'aa'}")
                .on(
                        PIPELINE,
                        200,
                        result(
                                "'cols':[{'name':'integrity_check'}],'rows':[[{'type':'text','value':'row 3 missing'}]]"));

        assertThat(ask("verify", "orders")).isEqualTo(ExitCode.DIFFERENT.number());

        assertThat(out.toString()).contains("damaged");
    }

    @Test
    void conflictsAreListedRestoredAndDiscarded() {
        node.on(
                        "GET /v1/databases/orders/conflicts?table=item",
                        200,
                        "{'items':[{'id':'7','table':'item'}],'next':null}")
                .on("POST /v1/databases/orders/conflicts/7/restore", 200, "")
                .on("DELETE /v1/databases/orders/conflicts/7", 200, "{}");

        assertThat(ask("conflicts", "orders", "--table", "item")).isZero();
        assertThat(out.toString()).contains("id  table", "7   item");
        assertThat(ask("conflicts", "orders", "--restore", "7")).isZero();
        assertThat(ask("conflicts", "orders", "--discard", "7")).isZero();
        assertThat(ask("conflicts", "orders", "--discard", "7", "--restore", "7"))
                .isEqualTo(ExitCode.USAGE.number());
    }

    @Test
    void aBackupIsThereOnlyWhenItIsWhole() throws IOException {
        var file = directory.resolve("orders.db");
        node.on("POST /v1/databases/orders/snapshots", 200, "{'id':'s1'}")
                .on("GET /v1/databases/orders/snapshots/s1", 503, "{'message':'gone','code':'NOT_FOUND'}");

        assertThat(ask("backup", "orders", file.toString())).isEqualTo(ExitCode.REFUSED.number());
        assertThat(directory).isEmptyDirectory();

        node.on("GET /v1/databases/orders/snapshots/s1", 200, "SQLite format 3");
        assertThat(ask("backup", "orders", file.toString())).isZero();
        assertThat(file).hasContent("SQLite format 3");

        assertThat(ask("backup", "orders", file.toString())).isEqualTo(ExitCode.CONFIGURATION.number());
        assertThat(ask("backup", "orders", file.toString(), "--force")).isZero();
    }

    @Test
    void aRestoreMakesTheDatabaseAndSendsTheFile() throws IOException {
        var file = Files.writeString(directory.resolve("orders.db"), "SQLite format 3");
        node.on("PUT /v1/databases/orders", 201, "{}").on("POST /v1/databases/orders/import", 200, "{}");

        assertThat(ask("restore", "orders", file.toString())).isZero();

        assertThat(node.asked().getLast().body()).isEqualTo("SQLite format 3");
        assertThat(ask("restore", "orders", directory.resolve("none").toString()))
                .isEqualTo(ExitCode.CONFIGURATION.number());
    }

    @Test
    void keysAndTokensThatAreMadeOpenANode() {
        var key = directory.resolve("key");

        assertThat(run("token", "keys", "--out", key.toString(), "--json")).isZero();
        var publicKey = JsonParser.parseString(out.toString())
                .getAsJsonObject()
                .get("publicKey")
                .getAsString();
        out.getBuffer().setLength(0);
        assertThat(run("token", "create", "--key", key.toString(), "--write", "orders,stock", "--read", "people"))
                .isZero();

        var access = TokenAccess.of(
                new SecuritySettings(List.of(publicKey), List.of(), Duration.ZERO, false), InstantSource.system());
        var token = Optional.of(out.toString());
        assertThat(access.authorize(token, "stock", Right.WRITE)).isInstanceOf(Access.Decision.Allowed.class);
        assertThat(access.authorize(token, "people", Right.WRITE)).isInstanceOf(Access.Decision.Forbidden.class);
        assertThat(Files.isReadable(directory.resolve("key.pub"))).isTrue();
    }

    @Test
    void keysAreNeverOverwrittenAndOnlyTheirOwnerReadsThem() throws IOException {
        var key = directory.resolve("key");

        assertThat(run("token", "keys", "--out", key.toString())).isZero();
        assertThat(Files.getPosixFilePermissions(key)).hasSize(2);
        assertThat(out.toString()).doesNotContain("BEGIN PRIVATE");
        assertThat(run("token", "keys", "--out", key.toString())).isEqualTo(ExitCode.CONFIGURATION.number());
    }

    @Test
    void everythingGoesWithNoSingleDatabase() {
        var key = directory.resolve("key");
        run("token", "keys", "--out", key.toString());

        assertThat(run("token", "create", "--key", key.toString(), "--read", "*,orders"))
                .isEqualTo(ExitCode.USAGE.number());
        assertThat(run("token", "create", "--key", key.toString(), "--days", "-1"))
                .isEqualTo(ExitCode.USAGE.number());
        assertThat(run("token", "create", "--key", key + ".pub")).isEqualTo(ExitCode.CONFIGURATION.number());
        assertThat(run("token", "create", "--key", key.toString(), "--admin", "*", "--days", "0"))
                .isZero();
    }

    private static void sound(FakeNode some, String root) {
        some.on("GET /v1/databases/orders/status", 200, "{'root':'" + root + "'}")
                .on(
                        PIPELINE,
                        200,
                        result("'cols':[{'name':'integrity_check'}],'rows':[[{'type':'text','value':'ok'}]]"));
    }

    private static String result(String fields) {
        return "{'baton':null,'base_url':null,'results':[{'type':'ok','response':{'type':'execute','result':{" + fields
                + "}}}]}";
    }

    private int ask(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--url", node.url()));
        return run(all.toArray(String[]::new));
    }

    private int run(String... arguments) {
        return MerkliteCommand.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }
}
