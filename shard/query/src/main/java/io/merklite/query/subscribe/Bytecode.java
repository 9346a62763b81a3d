package io.merklite.query.subscribe;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The program that SQLite makes of a statement, as EXPLAIN shows it. */
final class Bytecode {
    private Bytecode() {}

    /**
     * An instruction. What its operands mean is told by SQLite's list of opcodes.
     *
     * @param opcode its name
     * @param p4 empty if there is none
     */
    record Instruction(String opcode, int p1, int p2, int p3, String p4, int p5) {}

    /**
     * The program for {@code sql}, which is compiled and not run.
     *
     * @throws SQLException if it does not compile
     */
    static List<Instruction> of(Connection connection, String sql, List<SqlValue> parameters) throws SQLException {
        try (var explain = connection.prepareStatement("EXPLAIN " + sql)) {
            JdbcValues.bind(explain, parameters);
            List<Instruction> program = new ArrayList<>();
            try (var rows = explain.executeQuery()) {
                while (rows.next()) {
                    var p4 = rows.getString(6);
                    program.add(new Instruction(
                            rows.getString(2),
                            rows.getInt(3),
                            rows.getInt(4),
                            rows.getInt(5),
                            p4 == null ? "" : p4,
                            rows.getInt(7)));
                }
            }
            return program;
        }
    }
}
