package io.merklite.sync.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.query.subscribe.Report;
import io.merklite.sync.ErrorCode;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.role.PeerMessage.Sender;
import io.merklite.sync.role.RoleMessage.Failed;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Section 10 of the specification of replication. */
class PeerTest {
    private static final String[] TABLES = {
        "CREATE TABLE draft_a(id INTEGER PRIMARY KEY, text TEXT)",
        "CREATE TABLE draft_b(id INTEGER PRIMARY KEY, text TEXT)",
        "CREATE TABLE news(id INTEGER PRIMARY KEY, text TEXT)"
    };

    private final End there = End.open(TABLES);
    private final End here = End.open(TABLES);
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (var one : opened) {
            one.close();
        }
        there.close();
        here.close();
    }

    private Peer client(String... globs) {
        var peer = Peer.client(here.store(), End.options(), List.of(globs));
        opened.add(peer);
        return peer;
    }

    private Peer server() {
        var peer = Peer.server(there.store(), End.options());
        opened.add(peer);
        return peer;
    }

    private static void exchange(Peer from, Peer to) {
        for (var message : from.flush()) {
            to.handleMessage(message).answers().forEach(from::handleMessage);
        }
    }

    /** Beside the roles, which know one writer a table, the engine under them merges any number. */
    @Test
    void b89_tableWithSeveralWritersConverges() {
        var mine = here.store()
                .write(() -> here.writeInside("INSERT INTO news VALUES (1, 'mine'), (2, 'mine')"))
                .transactions();
        var theirs = there.store()
                .write(() -> there.writeInside("INSERT INTO news VALUES (1, 'theirs'), (3, 'theirs')"))
                .transactions();

        mine.forEach(there.store()::merge);
        theirs.forEach(here.store()::merge);

        assertThat(here.query("SELECT * FROM news")).hasSize(3).isEqualTo(there.query("SELECT * FROM news"));
        assertThat(here.store().root()).isEqualTo(there.store().root());
    }

    @Test
    void r78_ownTablesMatchAnyGlob() {
        var client = client("draft_[ab]", "nothing*");

        client.start();

        assertThat(client.clientTables()).containsExactlyInAnyOrder("draft_a", "draft_b");
        assertThatThrownBy(client::start).isInstanceOf(InvalidState.class);
        assertThatThrownBy(server()::start).isInstanceOf(InvalidState.class);
    }

    @Test
    void r78_noMatchIsInvalid() {
        assertThatThrownBy(client("DRAFT*")::start).isInstanceOf(InvalidState.class);
        assertThatThrownBy(client()::start).isInstanceOf(InvalidState.class);
    }

    @Test
    void r79_claimsOfNothingAreProtocolErrors() {
        var server = server();

        var answers = server.handleMessage(
                        new PeerMessage(Sender.REPLICA, new RoleMessage.Claim(RoleMessage.PROTOCOL, Set.of())))
                .answers();

        assertThat(((Failed) answers.getFirst().message()).code()).isEqualTo(ErrorCode.PROTOCOL_ERROR);
        assertThat(server.state()).isEqualTo(Peer.State.ERROR);
    }

    @Test
    void b80_rejectionPutsBothSidesInError() {
        List<Set<String>> asked = new ArrayList<>();
        var client = client("draft_*");
        try (var server = Peer.server(there.store(), End.options(), tables -> {
            asked.add(tables);
            return false;
        })) {
            Conversation.handshake(client, server);

            assertThat(asked).containsExactly(Set.of("draft_a", "draft_b"));
            for (var peer : List.of(client, server)) {
                assertThat(peer.state()).isEqualTo(Peer.State.ERROR);
                assertThat(peer.failure())
                        .hasValueSatisfying(
                                failed -> assertThat(failed.code()).isEqualTo(ErrorCode.OWNERSHIP_REJECTED));
            }
        }
    }

    @Test
    void r79_tablesOutsideTheFilterAreRejected() {
        var client = client("draft_*");
        try (var server = Peer.server(there.store(), End.options().withTables(Set.of("news", "draft_a")))) {
            Conversation.handshake(client, server);

            assertThat(client.failure())
                    .hasValueSatisfying(failed -> assertThat(failed.code()).isEqualTo(ErrorCode.OWNERSHIP_REJECTED));
        }
    }

    @Test
    void r81_eachSidesOwnTablesWin() {
        here.sql("INSERT INTO draft_a VALUES (1, 'client')", "INSERT INTO news VALUES (1, 'client')");
        there.sql("INSERT INTO draft_a VALUES (2, 'server')", "INSERT INTO news VALUES (2, 'server')");
        var client = client("draft_*");
        var server = server();

        Conversation.handshake(client, server);

        assertThat(client.state()).isEqualTo(Peer.State.LIVE);
        assertThat(server.state()).isEqualTo(Peer.State.LIVE);
        for (var end : List.of(here, there)) {
            assertThat(end.query("SELECT * FROM draft_a")).containsExactly("1|client");
            assertThat(end.query("SELECT * FROM news")).containsExactly("2|server");
        }
    }

    @Test
    void r82_onlyOwnTablesAreFlushed() {
        var client = client("draft_*");
        var server = server();
        here.sql("INSERT INTO draft_a VALUES (1, 'early')");
        assertThat(client.flush()).isEmpty();
        Conversation.handshake(client, server);
        here.sql("INSERT INTO draft_b VALUES (1, 'mine')", "INSERT INTO news VALUES (9, 'not mine')");
        there.sql("INSERT INTO news VALUES (1, 'news')");

        exchange(client, server);
        exchange(server, client);

        assertThat(there.query("SELECT * FROM draft_b")).containsExactly("1|mine");
        assertThat(there.query("SELECT * FROM news")).containsExactly("1|news");
        assertThat(here.query("SELECT * FROM news")).containsExactly("1|news", "9|not mine");
    }

    @Test
    void r83_subscribingNeedsTheNegotiation() {
        List<Report> reports = new ArrayList<>();
        var client = client("draft_*");
        var server = server();
        assertThatThrownBy(() -> client.subscribe("SELECT * FROM news", reports::add))
                .isInstanceOf(InvalidState.class);
        Conversation.handshake(client, server);
        client.subscribe("SELECT * FROM news", reports::add);
        there.sql("INSERT INTO news VALUES (1, 'news')");

        exchange(server, client);

        assertThat(reports).hasSize(1);
    }

    @Test
    void r84_resetNegotiatesAgain() {
        var approvals = new ArrayList<Set<String>>();
        var client = client("draft_*");
        try (var server = Peer.server(there.store(), End.options(), approvals::add)) {
            Conversation.handshake(client, server);
            client.reset();
            server.reset();
            assertThat(client.state()).isEqualTo(Peer.State.INIT);
            here.sql("INSERT INTO draft_a VALUES (1, 'later')");

            Conversation.handshake(client, server);

            assertThat(approvals).hasSize(2);
            assertThat(there.query("SELECT * FROM draft_a")).containsExactly("1|later");
        }
    }

    @Test
    void r85_messagesBeforeTheNegotiationAreInvalid() {
        var server = server();

        var answers = server.handleMessage(new PeerMessage(Sender.REPLICA, new RoleMessage.Hello(1, 1, 1, 1)))
                .answers();

        assertThat(answers).singleElement().satisfies(answer -> {
            assertThat(answer.sender()).isEqualTo(Sender.MASTER);
            assertThat(((Failed) answer.message()).code()).isEqualTo(ErrorCode.INVALID_STATE);
        });
    }

    @Test
    void r86_numbersOfTheDirectionsAreStoredSeparately() {
        var client = client("draft_*");
        var server = server();
        Conversation.handshake(client, server);
        for (var i = 0; i < 3; i++) {
            here.sql("INSERT INTO draft_a VALUES (" + i + ", 'x')");
            exchange(client, server);
        }
        there.sql("INSERT INTO news VALUES (1, 'news')");
        exchange(server, client);

        assertThat(here.query("SELECT name, seq FROM _merklite_roles ORDER BY name"))
                .containsExactly("test:master|3", "test:replica|1");
    }

    @Test
    void r87_serverPassesOnWhatOneClientOwns() {
        try (var other = End.open(TABLES);
                var first = Peer.client(here.store(), End.options(), List.of("draft_a"));
                var second = Peer.client(other.store(), End.options(), List.of("draft_b"));
                var toFirst = Peer.server(there.store(), End.options().withName("first"));
                var toSecond = Peer.server(there.store(), End.options().withName("second"))) {
            Conversation.handshake(first, toFirst);
            Conversation.handshake(second, toSecond);
            here.sql("INSERT INTO draft_a VALUES (1, 'of the first')");

            exchange(first, toFirst);
            exchange(toSecond, second);

            assertThat(other.query("SELECT * FROM draft_a")).containsExactly("1|of the first");
            assertThat(toFirst.flush()).isEmpty();
        }
    }

    @Test
    void b88_schemaDifferencesAreResolved() {
        there.sql("CREATE TABLE extra(id INTEGER PRIMARY KEY)", "INSERT INTO extra VALUES (5)");
        here.sql("ALTER TABLE draft_a ADD COLUMN colour TEXT", "INSERT INTO draft_a VALUES (1, 'x', 'red')");
        var client = client("draft_*");
        var server = server();

        Conversation.handshake(client, server);

        assertThat(client.state()).isEqualTo(Peer.State.LIVE);
        assertThat(server.state()).isEqualTo(Peer.State.LIVE);
        assertThat(here.query("SELECT * FROM extra")).containsExactly("5");
        assertThat(there.query("SELECT * FROM draft_a")).containsExactly("1|x|red");
    }
}
