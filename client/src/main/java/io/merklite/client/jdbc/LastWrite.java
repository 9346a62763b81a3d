package io.merklite.client.jdbc;

import io.merklite.client.Column;
import io.merklite.client.Result;
import io.merklite.client.Row;
import io.merklite.client.SqlStatement;
import io.merklite.client.sql.SqlText;
import io.merklite.query.subscribe.SqlValue;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a connection wrote last. Tools ask for it with a statement of its own, which outside of a transaction may run on
 * another connection of another node, where nothing is known of it.
 *
 * @param rowid of the last insertion; 0 before the first
 * @param changeCount of the last write
 */
record LastWrite(long rowid, long changeCount) {
    static final LastWrite NONE = new LastWrite(0, 0);

    private static final Pattern QUESTION = Pattern.compile(
            "\\s*SELECT\\s+((last_insert_rowid|changes)\\s*\\(\\s*\\))(?:\\s+(?:AS\\s+)?\"?(\\w+)\"?)?\\s*;?\\s*",
            Pattern.CASE_INSENSITIVE);

    /** Calls of the two functions; and what only looks like them, in strings, names and comments. */
    private static final Pattern CALL = Pattern.compile(
            "'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\\[[^\\]]*\\]|--[^\n]*|/\\*.*?\\*/"
                    + "|\\b(last_insert_rowid|changes)\\s*\\(\\s*\\)",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    /** The last write after another one. */
    LastWrite then(Result result) {
        return new LastWrite(result.lastInsertRowid().orElse(rowid), result.affectedRowCount());
    }

    /** The statement with its calls of the two functions replaced by what they would give. */
    SqlStatement resolved(SqlStatement statement, SqlText text) {
        if (!text.hasWord("LAST_INSERT_ROWID") && !text.hasWord("CHANGES")) {
            return statement;
        }
        var sql = CALL.matcher(statement.sql())
                .replaceAll(call -> Matcher.quoteReplacement(
                        call.group(1) == null
                                ? call.group()
                                : Long.toString(call.group(1).equalsIgnoreCase("changes") ? changeCount : rowid)));
        return new SqlStatement(sql, statement.args(), statement.namedArgs());
    }

    /** The answer, if {@code sql} asks for nothing else. */
    Optional<Result> asked(String sql) {
        var question = QUESTION.matcher(sql);
        if (!question.matches()) {
            return Optional.empty();
        }
        var isRowid = question.group(2).equalsIgnoreCase("last_insert_rowid");
        var name = Optional.ofNullable(question.group(3)).orElseGet(() -> question.group(1));
        var columns = List.of(new Column(name, Optional.of("INTEGER")));
        var row = new Row(columns, List.of(SqlValue.of(isRowid ? rowid : changeCount)));
        return Optional.of(new Result(columns, List.of(row), 0, OptionalLong.empty()));
    }
}
