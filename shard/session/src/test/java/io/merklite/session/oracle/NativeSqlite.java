package io.merklite.session.oracle;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;

/**
 * The system's own SQLite with its session extension, by JNA: java.lang.foreign would bind the tests to a newer JDK than
 * the library needs.
 */
final class NativeSqlite implements AutoCloseable {
    /** The functions used, as sqlite3.h declares them. */
    interface Functions extends Library {
        int sqlite3_open(String path, PointerByReference database);

        int sqlite3_close(Pointer database);

        int sqlite3_exec(Pointer database, String sql, RowCallback callback, Pointer context, PointerByReference error);

        String sqlite3_libversion();

        void sqlite3_free(Pointer memory);

        int sqlite3session_create(Pointer database, String schema, PointerByReference session);

        int sqlite3session_attach(Pointer session, String table);

        int sqlite3session_changeset(Pointer session, IntByReference size, PointerByReference bytes);

        int sqlite3session_patchset(Pointer session, IntByReference size, PointerByReference bytes);

        void sqlite3session_delete(Pointer session);

        int sqlite3changeset_apply(
                Pointer database, int size, byte[] bytes, Callback filter, ConflictCallback conflict, Pointer context);

        int sqlite3changeset_invert(int size, byte[] bytes, IntByReference outSize, PointerByReference out);

        int sqlite3changeset_concat(
                int firstSize,
                byte[] first,
                int secondSize,
                byte[] second,
                IntByReference outSize,
                PointerByReference out);
    }

    /** Called for each row of sqlite3_exec. */
    interface RowCallback extends Callback {
        int row(Pointer context, int count, Pointer values, Pointer names);
    }

    /** Called for each conflict. */
    interface ConflictCallback extends Callback {
        int conflict(Pointer context, int type, Pointer change);
    }

    private static final int OK = 0;
    private static final int ABORT = 2;
    private static final Optional<Functions> LIBRARY = load();

    private final Functions functions = LIBRARY.orElseThrow();
    private final Pointer database;
    private Pointer session;

    NativeSqlite() {
        var opened = new PointerByReference();
        require(functions.sqlite3_open(":memory:", opened), "open");
        database = opened.getValue();
    }

    private static Optional<Functions> load() {
        try {
            var library = Native.load("libsqlite3.so.0", Functions.class);
            var opened = new PointerByReference();
            library.sqlite3_open(":memory:", opened);
            try {
                var session = new PointerByReference();
                if (library.sqlite3session_create(opened.getValue(), "main", session) != OK) {
                    return Optional.empty();
                }
                library.sqlite3session_delete(session.getValue());
                return Optional.of(library);
            } finally {
                library.sqlite3_close(opened.getValue());
            }
        } catch (UnsatisfiedLinkError e) {
            return Optional.empty();
        }
    }

    /** Whether this machine has a SQLite with the session extension. */
    static boolean isAvailable() {
        return LIBRARY.isPresent();
    }

    static String version() {
        return LIBRARY.orElseThrow().sqlite3_libversion();
    }

    /** Runs a statement; false if it fails. */
    boolean run(String sql) {
        return functions.sqlite3_exec(database, sql, null, null, null) == OK;
    }

    /** The first column of each row. */
    List<String> column(String sql) {
        List<String> values = new ArrayList<>();
        RowCallback collect = (context, count, row, names) -> {
            values.add(row.getPointer(0).getString(0, "UTF-8"));
            return 0;
        };
        require(functions.sqlite3_exec(database, sql, collect, null, null), sql);
        return values;
    }

    void beginSession() {
        var created = new PointerByReference();
        require(functions.sqlite3session_create(database, "main", created), "session_create");
        session = created.getValue();
        require(functions.sqlite3session_attach(session, null), "session_attach");
    }

    byte[] changeset() {
        var size = new IntByReference();
        var bytes = new PointerByReference();
        require(functions.sqlite3session_changeset(session, size, bytes), "session_changeset");
        return take(size, bytes);
    }

    byte[] patchset() {
        var size = new IntByReference();
        var bytes = new PointerByReference();
        require(functions.sqlite3session_patchset(session, size, bytes), "session_patchset");
        return take(size, bytes);
    }

    void endSession() {
        functions.sqlite3session_delete(session);
    }

    /** Applies; any conflict aborts. */
    int apply(byte[] changeset) {
        return apply(changeset, type -> ABORT);
    }

    /**
     * Applies.
     *
     * @param handler gives the answer's code for the conflict's
     */
    int apply(byte[] changeset, IntUnaryOperator handler) {
        ConflictCallback callback = (context, type, change) -> handler.applyAsInt(type);
        return functions.sqlite3changeset_apply(database, changeset.length, changeset, null, callback, null);
    }

    static byte[] invert(byte[] changeset) {
        var size = new IntByReference();
        var bytes = new PointerByReference();
        require(
                LIBRARY.orElseThrow().sqlite3changeset_invert(changeset.length, changeset, size, bytes),
                "changeset_invert");
        return take(size, bytes);
    }

    static byte[] concat(byte[] first, byte[] second) {
        var size = new IntByReference();
        var bytes = new PointerByReference();
        require(
                LIBRARY.orElseThrow().sqlite3changeset_concat(first.length, first, second.length, second, size, bytes),
                "changeset_concat");
        return take(size, bytes);
    }

    private static byte[] take(IntByReference size, PointerByReference bytes) {
        var memory = bytes.getValue();
        if (memory == null) {
            return new byte[0];
        }
        var copy = memory.getByteArray(0, size.getValue());
        LIBRARY.orElseThrow().sqlite3_free(memory);
        return copy;
    }

    private static void require(int result, String what) {
        if (result != OK) {
            throw new IllegalStateException(what + " gave " + result);
        }
    }

    @Override
    public void close() {
        functions.sqlite3_close(database);
    }
}
