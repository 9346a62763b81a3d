package io.merklite.node.hrana;

/** What a client asks of a stream. */
sealed interface StreamRequest {
    /** Run one statement. */
    record Execute(HranaStatement statement) implements StreamRequest {}

    /** Run statements in order, each if its condition holds. */
    record Batch(HranaBatch batch) implements StreamRequest {}

    /** Run all statements of a text. */
    record Sequence(SqlText text) implements StreamRequest {}

    /** Tell what a statement is. */
    record Describe(SqlText text) implements StreamRequest {}

    /** Keep a text under an id. */
    record StoreSql(int id, String sql) implements StreamRequest {}

    /** Forget a text. */
    record CloseSql(int id) implements StreamRequest {}

    /** Tell whether no transaction is open. */
    enum Autocommit implements StreamRequest {
        AUTOCOMMIT
    }

    /** End the stream. Over HTTP only. */
    enum Close implements StreamRequest {
        CLOSE
    }

    /** The first version of the protocol that has it. */
    default int since() {
        return switch (this) {
            case Execute execute -> 1;
            case Batch batch -> 1;
            case Close close -> 1;
            case Sequence sequence -> 2;
            case Describe describe -> 2;
            case StoreSql store -> 2;
            case CloseSql close -> 2;
            case Autocommit autocommit -> 3;
        };
    }
}
