package io.merklite.query.transpile;

/** The database that will run the SQL. Nothing was ever run on PostgreSQL: its form is as the dialect describes it. */
public enum BackEnd {
    /** SQLite, on a connection that {@code DeepFunctions} knows. */
    SQLITE("sqldeep_json_object", "sqldeep_json_array", "sqldeep_json_group_array"),
    /** PostgreSQL 12 or later. */
    POSTGRESQL("jsonb_build_object", "jsonb_build_array", "jsonb_agg");

    private final String object;
    private final String array;
    private final String aggregate;

    BackEnd(String object, String array, String aggregate) {
        this.object = object;
        this.array = array;
        this.aggregate = aggregate;
    }

    String object() {
        return object;
    }

    String array() {
        return array;
    }

    String aggregate() {
        return aggregate;
    }
}
