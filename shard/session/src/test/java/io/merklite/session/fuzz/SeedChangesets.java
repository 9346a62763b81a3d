package io.merklite.session.fuzz;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.merklite.session.capture.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What mutations start from: a changeset and a patchset for the tables of {@link HostileInput}, and, where the shared
 * golden cases are at hand, every byte string in them that begins like one.
 */
final class SeedChangesets {
    private static final int MAX_HEX_LENGTH = 4096;
    private static final List<String> WORK = List.of(
            "INSERT INTO t VALUES(4, 'four', -0.5), (5, x'0005', 9223372036854775807)",
            "UPDATE t SET b = NULL, c = 'changed' WHERE a = 1",
            "DELETE FROM t WHERE a = 3",
            "INSERT INTO u VALUES('ü', 3, x'')",
            "UPDATE u SET c = 7 WHERE a = 'k'",
            "DELETE FROM t1 WHERE a = 'x'",
            "UPDATE t1 SET b = 5 WHERE a = 1",
            "UPDATE t2 SET b = 4 WHERE a = 2");

    private SeedChangesets() {}

    static List<byte[]> all() throws SQLException, IOException {
        List<byte[]> all = new ArrayList<>(captured());
        var folder = Path.of(System.getProperty("merklite.shared", "shared"), "testdata", "session");
        if (Files.isDirectory(folder)) {
            all.addAll(golden(folder));
        }
        return all;
    }

    private static List<byte[]> captured() throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                var statement = connection.createStatement()) {
            for (var sql : HostileInput.SCHEMA) {
                statement.execute(sql);
            }
            try (var session = Session.open(connection, "main")) {
                session.attachAll();
                for (var sql : WORK) {
                    statement.execute(sql);
                }
                return List.of(
                        session.changeset().toByteArray(), session.patchset().toByteArray());
            }
        }
    }

    private static List<byte[]> golden(Path folder) throws IOException {
        Set<String> found = new TreeSet<>();
        try (var files = Files.list(folder)) {
            for (var file :
                    files.filter(path -> path.toString().endsWith(".json")).toList()) {
                collect(JsonParser.parseString(Files.readString(file)), found);
            }
        }
        return found.stream().map(HexFormat.of()::parseHex).toList();
    }

    private static void collect(JsonElement root, Set<String> found) {
        List<JsonElement> open = new ArrayList<>(List.of(root));
        while (!open.isEmpty()) {
            var next = open.removeLast();
            if (next.isJsonArray()) {
                next.getAsJsonArray().forEach(open::add);
            } else if (next.isJsonObject()) {
                next.getAsJsonObject().asMap().values().forEach(open::add);
            } else if (next.isJsonPrimitive() && isChangeset(next.getAsString())) {
                found.add(next.getAsString());
            }
        }
    }

    /** Hexadecimal that begins with T or P. */
    private static boolean isChangeset(String text) {
        return text.length() <= MAX_HEX_LENGTH && text.matches("(54|50)([0-9a-f]{2})+");
    }
}
