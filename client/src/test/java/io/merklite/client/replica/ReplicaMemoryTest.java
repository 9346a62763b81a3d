package io.merklite.client.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.client.MerkliteClient;
import io.merklite.client.RealNode;
import io.merklite.testkit.Seeds;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A replica of a database that is many times the size of its program's heap; {@code -Dmerklite.replica.megabytes=1024} for one of a gigabyte. */
@Tag("slow")
class ReplicaMemoryTest {
    private static final int ROW_BYTES = 20_000;
    private static final int ROWS_AT_ONCE = 250;
    private static final int LIMIT_MINUTES = 60;

    @TempDir
    private Path folder;

    @Test
    void databaseOfManyTimesTheHeapIsFetchedWithin64MiB() throws Exception {
        var megabytes = Seeds.count("merklite.replica.megabytes", 100);
        var node = RealNode.shared();
        var database = node.newDatabase();
        var rows = megabytes * 1_000_000L / ROW_BYTES;
        try (var client = MerkliteClient.of(database, node.address())) {
            client.blocking().script("CREATE TABLE blob_row(id INTEGER PRIMARY KEY, body BLOB)");
            for (var first = 0L; first < rows; first += ROWS_AT_ONCE) {
                client.blocking()
                        .execute(
                                "WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2 - 1)"
                                        + " INSERT INTO blob_row SELECT i, randomblob(?3) FROM n",
                                first,
                                Math.min(first + ROWS_AT_ONCE, rows),
                                ROW_BYTES);
            }
        }
        var output = folder.resolve("output.txt");

        var program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:+UseSerialGC",
                        "-XX:+ExitOnOutOfMemoryError",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SmallProgram.class.getName(),
                        node.address(),
                        database,
                        folder.resolve("small.db").toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        var hasEnded = program.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES);
        program.destroyForcibly();

        var said = Files.readString(output, StandardCharsets.UTF_8);
        System.out.println(megabytes + " MB: " + said.strip());
        assertThat(hasEnded).isTrue();
        assertThat(program.exitValue()).as(said).isZero();
        assertThat(said).contains("rows [[Integer[value=" + (rows + 1) + "]");
    }
}
