package io.merklite.sync.store;

import io.merklite.testkit.Seeds;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Replicas converge whatever a table looks like: random histories on each kind of table. */
final class TableShapesTest {
    private static final int REPLICAS = 3;
    private static final int STEPS = 24;

    /** A schema, and statements in which {@code $k} and {@code $n} are small numbers, {@code $w} is a word and {@code $v} any value. */
    enum Shape {
        WITHOUT_ROWID(
                List.of("CREATE TABLE t(id TEXT PRIMARY KEY, a, b) WITHOUT ROWID"),
                "INSERT OR REPLACE INTO t VALUES ('$w', $v, $v)",
                "UPDATE t SET a = $v WHERE id = '$w'",
                "UPDATE t SET id = '$w' WHERE id = '$w'",
                "DELETE FROM t WHERE id = '$w'"),
        COMPOSITE(
                List.of("CREATE TABLE t(a INTEGER NOT NULL, v, b TEXT NOT NULL, w, PRIMARY KEY (b, a))"),
                "INSERT OR REPLACE INTO t VALUES ($n, $v, '$w', $v)",
                "UPDATE t SET v = $v WHERE b = '$w'",
                "UPDATE t SET w = $v WHERE a = $n",
                "DELETE FROM t WHERE b = '$w' AND a < $n"),
        DESCENDING_INTEGER(
                List.of("CREATE TABLE t(id INTEGER PRIMARY KEY DESC, v)"),
                "INSERT OR REPLACE INTO t VALUES ($n, $v)",
                "UPDATE t SET v = $v WHERE id = $n",
                "DELETE FROM t WHERE id = $n"),
        AUTOINCREMENT(
                List.of("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v)"),
                "INSERT INTO t(v) VALUES ($v)",
                "UPDATE t SET v = $v WHERE id = $n",
                "DELETE FROM t WHERE id = $n"),
        NOCASE(
                List.of("CREATE TABLE t(name TEXT COLLATE NOCASE PRIMARY KEY NOT NULL, v)"),
                "INSERT OR IGNORE INTO t VALUES ('$w', $v)",
                "INSERT OR REPLACE INTO t VALUES (upper('$w'), $v)",
                "UPDATE t SET v = $v WHERE name = '$w'",
                "UPDATE t SET name = upper(name)",
                "DELETE FROM t WHERE name = '$w'"),
        NOCASE_WITHOUT_ROWID(
                List.of("CREATE TABLE t(a TEXT COLLATE NOCASE, b INT, v, PRIMARY KEY (a, b)) WITHOUT ROWID"),
                "INSERT OR IGNORE INTO t VALUES ('$w', 1, $v)",
                "INSERT OR REPLACE INTO t VALUES (upper('$w'), 1, $v)",
                "UPDATE t SET v = $v WHERE a = '$w'",
                "DELETE FROM t WHERE a = '$w'"),
        REAL_KEY(
                List.of("CREATE TABLE t(x REAL PRIMARY KEY NOT NULL, v)"),
                "INSERT OR REPLACE INTO t VALUES ($n / 2.0, $v)",
                "INSERT OR REPLACE INTO t VALUES (-$n * 1e-300, $v)",
                "UPDATE t SET v = $v WHERE x > $n / 3.0",
                "DELETE FROM t WHERE x = $n / 2.0"),
        BLOB_KEY(
                List.of("CREATE TABLE t(id BLOB PRIMARY KEY NOT NULL, v)"),
                "INSERT OR REPLACE INTO t VALUES (x'00ff0$n', $v)",
                "INSERT OR REPLACE INTO t VALUES (x'', $v)",
                "UPDATE t SET v = $v WHERE id > x'00ff0$n'",
                "DELETE FROM t WHERE id = x'00ff0$n'"),
        KEYLESS(
                List.of("CREATE TABLE t(a, b)"),
                "INSERT INTO t VALUES ($v, $n)",
                "UPDATE t SET a = $v WHERE b = $n",
                "DELETE FROM t WHERE b = $n",
                "DELETE FROM t WHERE _rowid_ = (SELECT max(_rowid_) FROM t)"),
        KEYLESS_WITH_COLUMN_ROWID(
                List.of("CREATE TABLE t(rowid TEXT, _rowid_ INTEGER, n)", "CREATE UNIQUE INDEX t_n ON t(n)"),
                "INSERT OR IGNORE INTO t VALUES ('$w', $n, $n)",
                "UPDATE t SET rowid = '$w' WHERE n = $n",
                "DELETE FROM t WHERE n = $n"),
        KEY_CALLED_ROWID(
                List.of("CREATE TABLE t(rowid TEXT PRIMARY KEY NOT NULL, oid, v)"),
                "INSERT OR REPLACE INTO t VALUES ('$w', $n, $v)",
                "UPDATE t SET oid = $v WHERE rowid = '$w'",
                "DELETE FROM t WHERE rowid = '$w'"),
        ONLY_KEYS(
                List.of("CREATE TABLE t(a INTEGER, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID"),
                "INSERT OR IGNORE INTO t VALUES ($n, $n)",
                "UPDATE OR IGNORE t SET b = $n WHERE a = $n",
                "DELETE FROM t WHERE a = $n"),
        NULL_IN_KEY(
                List.of("CREATE TABLE t(id SERIAL PRIMARY KEY, hash TEXT NOT NULL, created_at NUMERIC)"),
                "INSERT INTO t(hash, created_at) VALUES ('$w', $n)",
                "INSERT OR REPLACE INTO t VALUES ($n, '$w', $v)",
                "UPDATE OR IGNORE t SET id = $n WHERE id IS NULL AND hash = '$w'",
                "UPDATE t SET id = NULL WHERE id = $n",
                "UPDATE t SET created_at = $v WHERE hash = '$w'",
                "DELETE FROM t WHERE id IS NULL AND created_at = $n",
                "DELETE FROM t WHERE id = $n"),
        NULL_IN_COMPOSITE_KEY(
                List.of("CREATE TABLE t(a TEXT, v, b INTEGER, PRIMARY KEY (a, b))"),
                "INSERT INTO t VALUES (NULL, $v, NULL)",
                "INSERT INTO t VALUES ('$w', $v, NULL)",
                "INSERT OR REPLACE INTO t VALUES ('$w', $v, $n)",
                "UPDATE OR IGNORE t SET b = $n WHERE b IS NULL AND a IS NULL",
                "UPDATE OR IGNORE t SET a = '$w' WHERE a IS NULL AND b IS NULL",
                "UPDATE OR IGNORE t SET a = NULL, b = NULL WHERE b = $n",
                "UPDATE t SET v = $v WHERE a = '$w'",
                "DELETE FROM t WHERE b = $n AND a IS NULL",
                "DELETE FROM t WHERE a = '$w'"),
        NULL_IN_KEY_AND_UNIQUE(
                List.of(
                        "CREATE TABLE t(id TEXT PRIMARY KEY, low INTEGER UNIQUE, high INTEGER, w TEXT,"
                                + " CHECK (low <= high))",
                        "CREATE UNIQUE INDEX t_w ON t(w) WHERE id IS NULL"),
                "INSERT OR IGNORE INTO t VALUES (NULL, $n, 6, '$w')",
                "INSERT OR IGNORE INTO t VALUES ('$w', $n, 6, '$w')",
                "INSERT OR REPLACE INTO t VALUES ('$w', $n, 6, '$w')",
                "INSERT OR REPLACE INTO t VALUES (NULL, $n, 6, '$w')",
                "UPDATE OR IGNORE t SET id = NULL WHERE id = '$w'",
                "UPDATE OR REPLACE t SET id = '$w' WHERE low = $n",
                "UPDATE OR IGNORE t SET low = $n WHERE w = '$w'",
                "UPDATE OR IGNORE t SET high = $n WHERE w = '$w'",
                "DELETE FROM t WHERE low = $n"),
        NULL_IN_KEY_OF_PARENT(
                List.of(
                        "PRAGMA foreign_keys = ON",
                        "CREATE TABLE p(id TEXT PRIMARY KEY, code INTEGER UNIQUE)",
                        "CREATE TABLE t(p TEXT REFERENCES p ON DELETE SET NULL, c INTEGER REFERENCES p(code)"
                                + " ON DELETE CASCADE, n, PRIMARY KEY (p, n))"),
                "INSERT OR IGNORE INTO p VALUES ('$w', $n)",
                "INSERT OR IGNORE INTO p VALUES (NULL, $n)",
                "INSERT OR IGNORE INTO t SELECT id, code, $n FROM p ORDER BY (code * 7 + $n) % 5 LIMIT 1",
                "INSERT OR IGNORE INTO t SELECT NULL, code, $n FROM p ORDER BY (code * 7 + $n) % 5 LIMIT 1",
                "UPDATE OR IGNORE p SET id = NULL WHERE id = '$w' AND NOT EXISTS (SELECT 1 FROM t WHERE p = '$w')",
                "DELETE FROM p WHERE code = $n",
                "DELETE FROM t WHERE n = $n"),
        GENERATED(
                List.of("CREATE TABLE t(g AS (a || '!') VIRTUAL, id INTEGER PRIMARY KEY, s AS (id * 2) STORED, a, b)"),
                "INSERT OR REPLACE INTO t(id, a, b) VALUES ($n, $v, $v)",
                "UPDATE t SET a = $v WHERE s = $n",
                "DELETE FROM t WHERE id = $n"),
        STRICT(
                List.of("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b ANY, c REAL) STRICT"),
                "INSERT OR REPLACE INTO t VALUES ($n, '$w', $v, $n)",
                "UPDATE t SET b = $v, c = 0.5 WHERE id = $n",
                "DELETE FROM t WHERE id = $n"),
        STRANGE_NAMES(
                List.of("CREATE TABLE \"the \"\"order\"\" of\nthings\"(\"key, or so\" TEXT, \"select\" INTEGER,"
                        + " \"a b\", 'x''y', [c d], PRIMARY KEY (\"select\", \"key, or so\"))"),
                "INSERT OR REPLACE INTO \"the \"\"order\"\" of\nthings\" VALUES ('$w', $n, $v, $v, $v)",
                "UPDATE \"the \"\"order\"\" of\nthings\" SET \"a b\" = $v WHERE \"select\" = $n",
                "UPDATE \"the \"\"order\"\" of\nthings\" SET \"x'y\" = $v WHERE \"key, or so\" = '$w'",
                "DELETE FROM \"the \"\"order\"\" of\nthings\" WHERE \"select\" = $n"),
        UNIQUE_INDEXES(
                List.of(
                        "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b INTEGER, c TEXT UNIQUE)",
                        "CREATE UNIQUE INDEX t_partial ON t(b) WHERE a IS NOT NULL",
                        "CREATE UNIQUE INDEX t_expression ON t(lower(a), b % 2)"),
                "INSERT OR IGNORE INTO t VALUES ($k, '$w', $n, '$w')",
                "INSERT OR REPLACE INTO t VALUES ($k, upper('$w'), $n, NULL)",
                "UPDATE OR IGNORE t SET a = '$w' WHERE id = $n",
                "UPDATE OR IGNORE t SET b = $n, a = NULL WHERE id = $n",
                "DELETE FROM t WHERE id = $k"),
        UNIQUE_KEYLESS(
                List.of("CREATE TABLE t(a UNIQUE, b)", "CREATE UNIQUE INDEX t_b ON t(b) WHERE b > 2"),
                "INSERT OR IGNORE INTO t VALUES ($n, $n)",
                "UPDATE OR IGNORE t SET b = $n WHERE a = $n",
                "DELETE FROM t WHERE a = $n"),
        CHECKED(
                List.of("CREATE TABLE t(id INTEGER PRIMARY KEY, low INTEGER, high INTEGER, CHECK (low <= high))"),
                "INSERT OR REPLACE INTO t VALUES ($n, $n, 6)",
                "UPDATE OR IGNORE t SET low = $n WHERE id = $n",
                "UPDATE OR IGNORE t SET high = $n WHERE id = $n",
                "DELETE FROM t WHERE id = $n"),
        CHECKED_AND_UNIQUE(
                List.of("CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, low INTEGER UNIQUE, high INTEGER,"
                        + " CHECK (low <= high))"),
                "INSERT OR IGNORE INTO t VALUES ('$w', $n, 6)",
                "UPDATE OR IGNORE t SET low = $n WHERE id = '$w'",
                "UPDATE OR IGNORE t SET high = $n WHERE id = '$w'",
                "DELETE FROM t WHERE id = '$w'"),
        FOREIGN_KEYS(
                List.of(
                        "PRAGMA foreign_keys = ON",
                        "CREATE TABLE p(id INTEGER PRIMARY KEY, code TEXT UNIQUE)",
                        "CREATE TABLE t(id INTEGER PRIMARY KEY, c INTEGER REFERENCES p ON DELETE CASCADE,"
                                + " n INTEGER REFERENCES p ON DELETE SET NULL,"
                                + " d INTEGER DEFAULT 0 REFERENCES p ON DELETE SET DEFAULT,"
                                + " a TEXT REFERENCES p(code))",
                        "CREATE TABLE u(id INTEGER PRIMARY KEY, t INTEGER REFERENCES t ON DELETE CASCADE)"),
                "INSERT OR IGNORE INTO p VALUES ($n, '$w')",
                "INSERT OR IGNORE INTO p VALUES ($k, $k)",
                "INSERT OR IGNORE INTO t SELECT $k, id, id, id, code FROM p ORDER BY (id * 7 + $n) % 5 LIMIT 1",
                "INSERT OR IGNORE INTO t(id, n, c, d) SELECT $k, id, id, id FROM p ORDER BY (id * 3 + $n) % 5 LIMIT 1",
                "INSERT OR IGNORE INTO u SELECT $k, id FROM t ORDER BY (id * 3 + $n) % 5 LIMIT 1",
                "DELETE FROM p WHERE id = $n",
                "DELETE FROM t WHERE id = $k",
                "UPDATE OR IGNORE p SET code = '$w' WHERE id = $n"),
        SELF_REFERENCE(
                List.of(
                        "PRAGMA foreign_keys = ON",
                        "CREATE TABLE t(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES t(id) ON DELETE CASCADE)",
                        "CREATE TABLE s(a TEXT, b INTEGER, pa TEXT, pb INTEGER, PRIMARY KEY (a, b),"
                                + " FOREIGN KEY (pa, pb) REFERENCES s(a, b) ON DELETE SET NULL) WITHOUT ROWID"),
                "INSERT OR IGNORE INTO t VALUES ($n, NULL)",
                "INSERT OR IGNORE INTO t SELECT $k, max(id) FROM t",
                "DELETE FROM t WHERE id = $n",
                "INSERT OR IGNORE INTO s VALUES ('$w', $n, NULL, NULL)",
                "INSERT OR IGNORE INTO s SELECT '$w', $n, a, b FROM s LIMIT 1",
                "DELETE FROM s WHERE a = '$w'"),
        TRIGGERED(
                List.of(
                        "CREATE TABLE t(id INTEGER PRIMARY KEY, v, changes INTEGER DEFAULT 0)",
                        "CREATE TABLE log(what TEXT)",
                        "CREATE TRIGGER t_insert AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('+' || new.id); END",
                        "CREATE TRIGGER t_update AFTER UPDATE OF v ON t BEGIN"
                                + " UPDATE t SET changes = old.changes + 1 WHERE id = new.id; END",
                        "CREATE TRIGGER t_delete BEFORE DELETE ON t BEGIN INSERT INTO log VALUES ('-' || old.id); END"),
                "INSERT OR IGNORE INTO t(id, v) VALUES ($n, $v)",
                "UPDATE t SET v = $v WHERE id = $n",
                "DELETE FROM t WHERE id = $n");

        private final List<String> schema;
        private final List<String> statements;

        Shape(List<String> schema, String... statements) {
            this.schema = schema;
            this.statements = List.of(statements);
        }
    }

    private static final List<String> WORDS = List.of("a", "b", "ab", "c", "", "ä");

    private static final List<String> VALUES = List.of(
            "NULL",
            "0",
            "-1",
            "9223372036854775807",
            "-9223372036854775808",
            "0.5",
            "1.0",
            "1e300",
            "'text'",
            "''",
            "'O''Neil'",
            "x''",
            "x'00ff'",
            "char(128512)",
            "CAST(x'c328' AS TEXT)");

    @ParameterizedTest
    @EnumSource(Shape.class)
    void replicasConverge(Shape shape) {
        Seeds.upTo(Seeds.count("merklite.shape-histories", 4))
                .forEach(seed -> Seeds.run(seed, random -> {
                    var replicas = openAll(shape, seed);
                    for (var step = 0; step < STEPS; step++) {
                        var replica = replicas.get(random.nextInt(REPLICAS));
                        if (random.nextInt(3) > 0) {
                            replica.write(statements(shape, random));
                        } else {
                            replica.catchUpPartly(replicas.get(random.nextInt(REPLICAS)), random);
                        }
                    }

                    TestReplica.requireConvergence(replicas);
                    replicas.forEach(TestReplica::close);
                }));
    }

    private static List<TestReplica> openAll(Shape shape, long seed) throws SQLException {
        List<TestReplica> replicas = new ArrayList<>();
        for (var i = 0; i < REPLICAS; i++) {
            replicas.add(TestReplica.open("r" + i, seed * 31 + i, shape.schema));
        }
        return replicas;
    }

    private static List<String> statements(Shape shape, RandomGenerator random) {
        List<String> statements = new ArrayList<>();
        for (var i = 1 + random.nextInt(4); i > 0; i--) {
            var sql = shape.statements.get(random.nextInt(shape.statements.size()));
            while (sql.contains("$")) {
                sql = sql.replaceFirst("\\$k", "" + random.nextInt(10))
                        .replaceFirst("\\$w", WORDS.get(random.nextInt(WORDS.size())))
                        .replaceFirst("\\$n", "" + random.nextInt(6))
                        .replaceFirst("\\$v", VALUES.get(random.nextInt(VALUES.size())));
            }
            statements.add(sql);
        }
        return statements;
    }
}
