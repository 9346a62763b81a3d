package io.merklite.session.changeset;

/** What a change does to its row. */
public enum ChangeOp {
    /** The row appears. */
    INSERT(0x12),
    /** The row keeps its key and changes other columns. */
    UPDATE(0x17),
    /** The row goes. */
    DELETE(0x09);

    private final int code;

    ChangeOp(int code) {
        this.code = code;
    }

    /** The byte of the format: SQLite's authorizer code of the operation. */
    public int code() {
        return code;
    }
}
