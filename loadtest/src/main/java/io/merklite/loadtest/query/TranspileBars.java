package io.merklite.loadtest.query;

import io.merklite.loadtest.Bar;
import io.merklite.query.transpile.Transpiler;
import java.util.List;
import java.util.Locale;

/** Command: how long the translation of short statements of the query dialect takes. */
public final class TranspileBars {
    private static final int ROUNDS = 31;
    private static final int REPETITIONS = 4_000;
    private static final double MOST_MICROSECONDS = 10;

    private static final List<String> STATEMENTS = List.of(
            "SELECT label, cost FROM goods WHERE cost >= 4.25 AND label <> 'rug' ORDER BY label",
            "INSERT INTO goods(goods_id, label, cost) VALUES (?1, ?2, ?3) ON CONFLICT(goods_id) DO NOTHING",
            "UPDATE goods SET cost = cost * 1.1 WHERE vendors_id = ?1 RETURNING goods_id",
            "SELECT {vendors_id, vname} FROM vendors ORDER BY vendors_id",
            "FROM vendors v SELECT {vname, goods: FROM v->goods g SELECT {label, cost}}",
            "SELECT {label, by: SELECT/1 {vname} FROM vendors v WHERE v.vendors_id = g.vendors_id} FROM goods g",
            "SELECT <tr><td>{label}</td><td>{'$' || cost}</td></tr> FROM goods",
            "SELECT (attrs).watt, (attrs).dim.h[1] FROM goods");

    private TranspileBars() {}

    public static void main(String[] arguments) {
        var times = new double[ROUNDS];
        for (var round = -ROUNDS; round < ROUNDS; round++) {
            var time = round();
            if (round >= 0) {
                times[round] = time;
            }
        }
        var microseconds = Bar.median(times);
        System.out.printf(Locale.ROOT, "# %.0f statements/s%n", 1e6 / microseconds);
        System.out.println(new Bar("transpile.short-statement", microseconds, "us", MOST_MICROSECONDS));
    }

    /** Microseconds a statement. */
    private static double round() {
        var characters = 0L;
        var start = System.nanoTime();
        for (var repetition = 0; repetition < REPETITIONS; repetition++) {
            for (var statement : STATEMENTS) {
                characters += Transpiler.toSql(statement).length();
            }
        }
        var nanoseconds = System.nanoTime() - start;
        if (characters == 0) {
            throw new IllegalStateException("nothing was translated");
        }
        return nanoseconds / 1e3 / (REPETITIONS * (double) STATEMENTS.size());
    }
}
