package io.merklite.node.rest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.SqlStatement.NamedArg;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The statements of a request's body.
 *
 * <p>{@code "SQL"}, or {@code ["SQL", value…]}, or {@code ["SQL", {"name": value…}]}, or {@code ["SQL", [value…]]}, or
 * {@code {"query": "SQL", "params": …}}; or a list of such. A list that begins with a string is one statement with its values, so
 * statements without values stand in brackets in a list: {@code [["SQL"], ["SQL"]]}.
 *
 * @param statements in order, at least one
 * @param isList whether there was a list, rather than one statement
 */
record SqlBody(List<SqlStatement> statements, boolean isList) {
    /** Deeper than any value of a statement; a tree of a body takes stack. */
    private static final int MAX_DEPTH = 100;

    private static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    SqlBody {
        statements = List.copyOf(statements);
    }

    /** A body that is JSON. */
    static JsonNode parse(byte[] body) {
        try {
            return JSON.readTree(body);
        } catch (IOException e) {
            throw RestCall.refused(400, "BODY_INVALID", "the body is no JSON: " + firstLine(e));
        }
    }

    private static String firstLine(IOException failure) {
        return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    }

    static SqlBody of(byte[] body) {
        var json = parse(body);
        if (!json.isArray() || json.path(0).isTextual()) {
            return new SqlBody(List.of(statement(json)), false);
        }
        List<SqlStatement> statements = new ArrayList<>();
        json.forEach(item -> statements.add(statement(item)));
        if (statements.isEmpty()) {
            throw malformed("no statement");
        }
        return new SqlBody(statements, true);
    }

    /** The one statement of a body that must have one. */
    SqlStatement single() {
        if (isList) {
            throw malformed("a list of statements where there can be one only");
        }
        return statements.getFirst();
    }

    private static SqlStatement statement(JsonNode json) {
        if (json.isTextual()) {
            return SqlStatement.of(json.asText());
        }
        if (json.isArray() && json.path(0).isTextual()) {
            var sql = json.path(0).asText();
            var second = json.path(1);
            var isWrapped = json.size() == 2 && (second.isArray() || (second.isObject() && !ValueJson.isValue(second)));
            return isWrapped ? with(sql, second) : new SqlStatement(sql, values(json, 1), List.of(), true);
        }
        if (json.isObject()) {
            var sql =
                    Optional.of(json.path("query")).filter(JsonNode::isTextual).orElse(json.path("sql"));
            if (sql.isTextual()) {
                var params = json.has("named_params") ? json.path("named_params") : json.path("params");
                return with(sql.asText(), params);
            }
        }
        throw malformed("a statement that is neither \"SQL\" nor [\"SQL\", value, …] nor {\"query\", \"params\"}");
    }

    private static SqlStatement with(String sql, JsonNode params) {
        if (params.isObject()) {
            List<NamedArg> named = new ArrayList<>();
            params.properties()
                    .forEach(param -> named.add(new NamedArg(param.getKey(), ValueJson.read(param.getValue()))));
            return new SqlStatement(sql, List.of(), named, true);
        }
        if (!params.isArray() && !params.isMissingNode() && !params.isNull()) {
            throw malformed("params that are neither a list nor an object");
        }
        return new SqlStatement(sql, values(params, 0), List.of(), true);
    }

    private static List<SqlValue> values(JsonNode list, int first) {
        List<SqlValue> values = new ArrayList<>();
        for (var i = first; i < list.size(); i++) {
            values.add(ValueJson.read(list.path(i)));
        }
        return values;
    }

    private static RuntimeException malformed(String what) {
        return RestCall.refused(400, "BODY_INVALID", "the body has " + what);
    }
}
