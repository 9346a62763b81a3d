package io.merklite.query.transpile.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.query.QueryException.DatabaseFailure;
import io.merklite.testkit.Seeds;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeepFunctionsTest {
    private static final List<String> VALUES = List.of(
            "NULL",
            "1",
            "-9223372036854775808",
            "2.5",
            "1e300",
            "9e999",
            "-9e999",
            "'x'",
            "''",
            "'a\"b\\c'",
            "char(0, 10, 31, 8)",
            "'é名😀'",
            "x''",
            "x'00ff'",
            "x'7b7d'",
            "x'205b5d'",
            "CAST('<b>' AS BLOB)",
            "CAST('[1,{\"a\":2}] ' AS BLOB)",
            "CAST(x'c328' AS TEXT)",
            "CAST('{\"a\":}' AS BLOB)",
            "sqldeep_json('true')",
            "sqldeep_json(' {\"z\" : [ ] } ')",
            "xml_attrs('a', 1)",
            "xml_attrs_jsx('a', sqldeep_json('[1]'))",
            "jsonml_agg(1)",
            "xml_element('p')");

    private static final List<String> FUNCTIONS = List.of(
            "sqldeep_json",
            "sqldeep_json_object",
            "sqldeep_json_array",
            "sqldeep_json_group_array",
            "xml_element_jsonml",
            "xml_element_jsx",
            "xml_attrs_jsonml",
            "xml_attrs_jsx",
            "jsonml_agg",
            "jsx_agg",
            "sqldeep_json_join",
            "xml_fragment_jsx",
            "sqldeep_json_tree",
            "sqldeep_json_forest");

    private static final String SIGNS = "{}[],:\"\\ 0.e+-tn\n\u0001";

    private Connection connection = open("jdbc:sqlite::memory:");

    private static Connection open(String url) {
        try {
            return DriverManager.getConnection(url);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @BeforeEach
    void register() {
        DeepFunctions.register(connection);
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
    }

    private String value(String expression) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT " + expression)) {
            var bytes = rows.getBytes(1);
            return bytes == null ? "NULL" : new String(bytes, StandardCharsets.UTF_8);
        }
    }

    @Test
    void jsonFunctionsGiveValidJsonOrAnError() {
        Seeds.upTo(20_000)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var call = call(random);
                    String json;
                    try {
                        json = value(call);
                    } catch (SQLException e) {
                        assertThat(e.getMessage()).as(call).doesNotContain("Exception");
                        return;
                    }
                    if (!json.equals("NULL")) {
                        checkJson(call, json);
                    }
                }));
    }

    private static String call(RandomGenerator random) {
        var call = new StringBuilder(FUNCTIONS.get(random.nextInt(FUNCTIONS.size()))).append('(');
        for (var count = random.nextInt(5); count > 0; count--) {
            call.append(VALUES.get(random.nextInt(VALUES.size() - 3))).append(count > 1 ? ", " : "");
        }
        return call.append(')').toString();
    }

    private static void checkJson(String call, String json) {
        try (var reader = new com.google.gson.stream.JsonReader(new StringReader(json))) {
            reader.setStrictness(com.google.gson.Strictness.STRICT);
            com.google.gson.JsonParser.parseReader(reader);
            assertThat(reader.peek()).as(call).isEqualTo(com.google.gson.stream.JsonToken.END_DOCUMENT);
        } catch (IOException | com.google.gson.JsonParseException e) {
            throw new AssertionError(call + " gave " + json, e);
        }
        assertThat(JsonScanner.isJson(json)).as(call).isTrue();
    }

    @Test
    void scannerAgreesWithSqliteOnDamagedJson() throws SQLException {
        try (var statement = connection.prepareStatement("SELECT json_valid(?1, 1)")) {
            Seeds.upTo(20_000)
                    .forEach(seed -> Seeds.run(seed, random -> {
                        var json = new StringBuilder(
                                "{\"a\":[1,-2.5e+3,true,null,{\"b\\u00e9\\n\":\"x\"}],\"c\":{},\"d\":[]} ");
                        for (var count = random.nextInt(3); count >= 0; count--) {
                            var at = random.nextInt(json.length());
                            var sign = SIGNS.charAt(random.nextInt(SIGNS.length()));
                            json.replace(at, at + random.nextInt(2), String.valueOf(sign));
                        }
                        statement.setString(1, json.toString());
                        try (var rows = statement.executeQuery()) {
                            assertThat(JsonScanner.isJson(json.toString()))
                                    .as(json.toString())
                                    .isEqualTo(rows.getBoolean(1));
                        }
                    }));
        }
    }

    @Test
    void structuredValuesNestThroughViewsSubqueriesAndTables() throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("CREATE VIEW v AS SELECT sqldeep_json_object('a', 1) AS j");
            statement.execute("CREATE TABLE t AS SELECT j FROM v");
        }

        assertThat(value("sqldeep_json_array((SELECT j FROM v), j) FROM t")).isEqualTo("[{\"a\":1},{\"a\":1}]");
    }

    @Test
    void textOfAnOtherEncodingIsTheSame() throws SQLException {
        connection.close();
        connection = open("jdbc:sqlite::memory:?encoding=UTF16");
        DeepFunctions.register(connection);

        assertThat(value("sqldeep_json_object('é', 'a' || char(0) || '😀')")).isEqualTo("{\"é\":\"a\\u0000😀\"}");
    }

    @Test
    void numbersArePrintedAsSqlitePrintsThem() throws SQLException {
        assertThat(value("sqldeep_json_array(3.0, 1e300, 0.1, 9e999, -9e999, 9223372036854775807)"))
                .isEqualTo("[3.0,1.0e+300,0.1,9.0e+999,-9.0e+999,9223372036854775807]");
    }

    @Test
    void emptyAggregatesAreEmpty() throws SQLException {
        assertThat(value("sqldeep_json_group_array(1) WHERE 0")).isEqualTo("[]");
        assertThat(value("xml_agg(1) WHERE 0")).isEmpty();
        assertThat(value("xml_element_jsonml('p', (SELECT jsonml_agg(1) WHERE 0))"))
                .isEqualTo("[\"p\"]");
    }

    @Test
    void wrongArgumentsAreSqlErrors() {
        for (var call : List.of(
                "sqldeep_json_object('a')",
                "sqldeep_json_object(NULL, 1)",
                "sqldeep_json_object(x'41', 1)",
                "sqldeep_json_array(x'0102')",
                "sqldeep_json('{a:1}')",
                "sqldeep_json()",
                "xml_attrs('a')",
                "xml_element()",
                "xml_element(NULL)",
                "sqldeep_json_group_array()")) {
            assertThatThrownBy(() -> value(call)).as(call).isInstanceOf(SQLException.class);
        }
    }

    @Test
    void closedConnectionIsAFailure() throws SQLException {
        connection.close();

        assertThatThrownBy(() -> DeepFunctions.register(connection)).isInstanceOf(DatabaseFailure.class);
    }
}
