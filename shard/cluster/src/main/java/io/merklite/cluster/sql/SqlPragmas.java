package io.merklite.cluster.sql;

import io.merklite.cluster.sql.AnalysedStatement.Kind;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.Token;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A PRAGMA, if it is one of those that clients may use. Some of them act while they are prepared, and an unknown one does
 * nothing without a word, so only known ones pass.
 *
 * @param name folded
 * @param kind what it asks of the transaction around it
 * @param isSwitchedOn what it sets, for those with foreign keys; none if it only asks
 * @param replacement a query that gives the same rows, less what is Merklite's own
 * @param refusal why it may not run
 */
record SqlPragmas(
        String name,
        Kind kind,
        Optional<Boolean> isSwitchedOn,
        Optional<String> replacement,
        Optional<SqlError> refusal) {
    static final SqlPragmas NONE =
            new SqlPragmas("", Kind.PRAGMA, Optional.empty(), Optional.empty(), Optional.empty());

    /** They tell about what their argument names, or need none. */
    private static final Set<String> ABOUT = Set.of(
            "table_info",
            "table_xinfo",
            "index_list",
            "index_info",
            "index_xinfo",
            "foreign_key_list",
            "foreign_key_check",
            "integrity_check",
            "quick_check",
            "collation_list",
            "function_list",
            "module_list",
            "pragma_list",
            "compile_options");

    /** They tell a setting, and would set it if they had an argument. */
    private static final Set<String> TOLD = Set.of(
            "schema_version",
            "page_count",
            "page_size",
            "max_page_count",
            "freelist_count",
            "encoding",
            "data_version",
            "journal_mode",
            "synchronous",
            "busy_timeout",
            "cache_size",
            "auto_vacuum",
            "locking_mode",
            "temp_store",
            "recursive_triggers",
            "wal_autocheckpoint");

    /** They are part of the file, in the transaction that sets them. */
    private static final Set<String> SETTABLE = Set.of("user_version", "application_id");

    private static final Set<String> TRUE = Set.of("on", "yes", "true");

    /** @param body its tokens, {@code PRAGMA} first */
    static SqlPragmas of(List<Token> body) {
        var at = body.size() > 2 && body.get(2).isSymbol(".") ? 3 : 1;
        if (at >= body.size()) {
            return NONE; // no statement, as SQLite will say
        }
        var name = SqlNames.fold(body.get(at).name());
        var argument = body.subList(at + 1, body.size());
        if (ABOUT.contains(name) || (TOLD.contains(name) && argument.isEmpty())) {
            return plain(name, Kind.PRAGMA);
        }
        if (SETTABLE.contains(name)) {
            return plain(name, argument.isEmpty() ? Kind.PRAGMA : Kind.WRITE);
        }
        return switch (name) {
            case "foreign_keys" -> foreignKeys(name, Kind.FOREIGN_KEYS, argument);
            case "defer_foreign_keys" -> foreignKeys(name, Kind.DEFER_FOREIGN_KEYS, argument);
            case "optimize" -> plain(name, Kind.SCHEMA);
            case "table_list" -> replaced(name, SchemaListing.tableList(value(argument)));
            case "database_list" -> replaced(name, SchemaListing.DATABASE_LIST);
            default -> refused(name, argument);
        };
    }

    private static SqlPragmas plain(String name, Kind kind) {
        return new SqlPragmas(name, kind, Optional.empty(), Optional.empty(), Optional.empty());
    }

    private static SqlPragmas replaced(String name, String query) {
        return new SqlPragmas(name, Kind.PRAGMA, Optional.empty(), Optional.of(query), Optional.empty());
    }

    private static SqlPragmas refused(String name, List<Token> argument) {
        var what = TOLD.contains(name) && !argument.isEmpty() ? "setting PRAGMA " + name : "PRAGMA " + name;
        return new SqlPragmas(
                name,
                Kind.PRAGMA,
                Optional.empty(),
                Optional.empty(),
                Optional.of(SqlErrors.notAllowed(what + " is not allowed here")));
    }

    private static SqlPragmas foreignKeys(String name, Kind setting, List<Token> argument) {
        var isSwitchedOn = value(argument).map(SqlPragmas::isTrue);
        // Asking to defer them is for a transaction that writes; telling whether they are is not.
        var kind = setting == Kind.DEFER_FOREIGN_KEYS && isSwitchedOn.isEmpty() ? Kind.PRAGMA : setting;
        return new SqlPragmas(name, kind, isSwitchedOn, Optional.empty(), Optional.empty());
    }

    private static Optional<String> value(List<Token> argument) {
        return argument.stream()
                .filter(token -> token.isName() || token.kind() == Token.Kind.LITERAL)
                .map(Token::name)
                .findFirst();
    }

    private static boolean isTrue(String value) {
        var isNumber = !value.isEmpty() && value.charAt(0) >= '0' && value.charAt(0) <= '9';
        return isNumber
                ? value.chars().takeWhile(c -> c >= '0' && c <= '9').anyMatch(c -> c != '0')
                : TRUE.contains(SqlNames.fold(value));
    }
}
