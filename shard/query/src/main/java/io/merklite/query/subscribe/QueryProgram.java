package io.merklite.query.subscribe;

import io.merklite.query.subscribe.Bytecode.Instruction;
import io.merklite.query.subscribe.WatchedTable.TableId;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a query reads, as its bytecode says.
 *
 * <p>SQLite's virtual machine has no other way to a table than to open a cursor at its root page, and no other way to a
 * value than the instructions below. So whatever the text looks like, through views, common table expressions, subqueries
 * and {@code *}, the tables and columns named here are all that the result depends on.
 *
 * <p><b>Invariants.</b> (1) A table that the program opens, itself or by an index, is in {@link #reads}. (2) A column that
 * the program loads, or that an index it opens is sorted by, is among its columns. (3) An instruction that is not known to
 * be harmless makes every column of every table count as read.
 */
final class QueryProgram {
    /**
     * Instructions that load no column of a table: they move cursors, work on sorters and ephemeral and virtual tables, or
     * on registers alone. Where an index is sought, its columns count as read since it is open.
     */
    private static final Set<String> HARMLESS = Set.of("""
            OpenRead ReopenIdx OpenDup OpenEphemeral OpenAutoindex OpenPseudo SorterOpen VOpen Close ColumnsUsed
            SeekLT SeekLE SeekGE SeekGT SeekScan SeekHit SeekEnd IfNoHope NoConflict NotFound Found Last IfSizeBetween
            IfSmaller SorterSort Sort Rewind IfEmpty SorterNext Prev Next DeferredSeek FinishSeek IdxLE IdxGT IdxLT IdxGE
            NullRow IfNullRow Count Sequence SequenceTest NewRowid ResetSorter CursorLock CursorUnlock Permutation
            Insert Delete IdxInsert IdxDelete SorterInsert SorterCompare SorterData VFilter VColumn VNext VInitIn
            RowSetAdd RowSetRead RowSetTest Filter FilterAdd
            Init Transaction Goto Gosub Return InitCoroutine EndCoroutine Yield Halt HaltIfNull
            Integer Int64 Real String String8 Null SoftNull Blob Variable Move Copy SCopy IntCopy BeginSubrtn ResultRow
            Concat Add Subtract Multiply Divide Remainder CollSeq BitAnd BitOr ShiftLeft ShiftRight BitNot Not And Or
            AddImm MustBeInt RealAffinity Cast Affinity Eq Ne Lt Le Gt Ge ElseEq ElseNotEq ZeroOrNull Compare Jump Once
            If IfNot IfNotOpen IfPos IsNull NotNull IsTrue IsType OffsetLimit MakeRecord AggValue AggFinal
            Function PureFunc GetSubtype SetSubtype ClrSubtype TypeCheck Noop Explain Trace Abortable ReleaseReg
            TableLock VerifyCookie Expire""".split("\\s+"));

    /** Aggregates that give the same whatever order their rows come in. */
    private static final Set<String> UNORDERED_AGGREGATES = Set.of("count", "sum", "total", "avg", "min", "max");

    private static final String WRITE_CURSOR = "OpenWrite";

    private final Catalog catalog;
    private final Map<Integer, Set<Catalog.Root>> cursors = new HashMap<>();
    private final Map<TableId, Reads> reads = new HashMap<>();
    private boolean writes;
    private boolean isOpaque;
    private boolean isOrderSensitive;

    private QueryProgram(Catalog catalog) {
        this.catalog = catalog;
    }

    /** What is read of one table. */
    static final class Reads {
        private final Optional<WatchedTable> table;
        private final BitSet columns = new BitSet();
        private final BitSet sorted = new BitSet();
        private boolean readsAll;
        private boolean readsRowid;

        private Reads(Optional<WatchedTable> table) {
            this.table = table;
            this.readsAll = table.isEmpty();
        }

        /** The columns, by their index in changes. */
        BitSet columns() {
            return columns;
        }

        /** Those of them that may decide in which order rows are met. */
        BitSet sorted() {
            return sorted;
        }

        /** Whether all columns count as read. */
        boolean readsAll() {
            return readsAll;
        }

        private void readPlace(int place) {
            var column = table.map(layout -> layout.storage().get(place));
            column.ifPresentOrElse(columns::set, () -> readsAll = true);
        }

        private void readRowid() {
            readsRowid = true;
            table.ifPresent(layout -> layout.integerKey().ifPresent(columns::set));
        }
    }

    /**
     * The program of {@code sql}.
     *
     * @throws SQLException if it does not compile
     */
    static QueryProgram of(Connection connection, Catalog catalog, String sql, List<SqlValue> parameters)
            throws SQLException {
        var program = new QueryProgram(catalog);
        var instructions = Bytecode.of(connection, sql, parameters);
        for (var instruction : instructions) {
            program.open(instruction);
        }
        List<Instruction> unknown = new ArrayList<>();
        for (var instruction : instructions) {
            if (!program.read(instruction)) {
                unknown.add(instruction);
            }
        }
        program.conclude(!unknown.isEmpty());
        return program;
    }

    /** Whether the statement may write. */
    boolean writes() {
        return writes;
    }

    /** Whether it reads something whose changes are not to be seen, such as a virtual table. */
    boolean isOpaque() {
        return isOpaque;
    }

    /** What is read, by table. */
    Map<TableId, Reads> reads() {
        return reads;
    }

    private void open(Instruction instruction) throws SQLException {
        switch (instruction.opcode()) {
            case "Transaction" -> writes |= instruction.p2() != 0;
            case WRITE_CURSOR -> writes = true;
            case "OpenRead", "ReopenIdx" -> {
                var root = catalog.root(instruction.p3(), instruction.p2());
                if (root.isPresent()) {
                    cursors.computeIfAbsent(instruction.p1(), cursor -> new HashSet<>())
                            .add(root.get());
                    addTable(root.get());
                } else {
                    isOpaque = true;
                }
            }
            case "VOpen" -> isOpaque |= !catalog.pureVirtualTables().contains(instruction.p4());
            default -> {}
        }
    }

    private void addTable(Catalog.Root root) throws SQLException {
        var known = reads.get(root.table());
        if (known == null) {
            known = new Reads(catalog.table(root.table()));
            reads.put(root.table(), known);
        }
        if (root.index().isPresent()) {
            var columns = catalog.indexColumns(root);
            if (columns.isEmpty()) {
                known.readsAll = true;
            } else {
                addSorted(known, columns.get());
            }
        }
    }

    private static void addSorted(Reads reads, List<Integer> numbers) {
        var table = reads.table;
        for (var number : numbers) {
            if (number >= 0) {
                var column = table.map(layout -> layout.declared().get(number));
                column.ifPresentOrElse(reads.sorted::set, () -> reads.readsAll = true);
            }
        }
        reads.columns.or(reads.sorted);
    }

    /** Whether the instruction is known. */
    private boolean read(Instruction instruction) throws SQLException {
        switch (instruction.opcode()) {
            case "Column" -> {
                for (var root : cursors.getOrDefault(instruction.p1(), Set.of())) {
                    if (root.index().isEmpty()) {
                        readsOf(root).readPlace(instruction.p2());
                    }
                }
            }
            case "Rowid", "IdxRowid" -> readRowid(instruction.p1());
            case "NotExists", "SeekRowid" -> readRowid(instruction.p1());
            case "DecrJumpZero", "IfNotZero" -> isOrderSensitive = true;
            case "AggStep", "AggStep1", "AggInverse" -> {
                var name = instruction.p4().replaceFirst("\\(.*", "");
                isOrderSensitive |= !UNORDERED_AGGREGATES.contains(name);
            }
            default -> {
                return HARMLESS.contains(instruction.opcode());
            }
        }
        return true;
    }

    private void readRowid(int cursor) {
        for (var root : cursors.getOrDefault(cursor, Set.of())) {
            readsOf(root).readRowid();
        }
    }

    private Reads readsOf(Catalog.Root root) {
        var found = reads.get(root.table());
        if (found == null) {
            throw new IllegalStateException("no table was added for " + root);
        }
        return found;
    }

    /**
     * A rowid that is none of the columns may change behind an UPDATE: SQL that deletes a row and inserts it again with the
     * same key shows as an update in a changeset. Where rows are told apart by such a rowid, or the result hangs on the
     * order they are met in, every update counts.
     */
    private void conclude(boolean isUnknown) {
        for (var read : reads.values()) {
            var hasHiddenRowid = read.table.map(WatchedTable::hasHiddenRowid).orElse(true);
            read.readsAll |= isUnknown || (hasHiddenRowid && (read.readsRowid || isOrderSensitive));
        }
    }
}
