package io.merklite.schema.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The text of a CREATE TABLE statement, taken apart.
 *
 * <p>It reads what SQLite has accepted, so it need not tell right from wrong; of other text it makes something or other,
 * but does not fail. Delicate: table constraints may follow each
 * other without a comma, CONSTRAINT with a name may stand alone, names may be strings, and a type may be any words.
 */
public final class TableText {
    private final String sql;
    private final Token name;
    private final List<ColumnText> columns;
    private final List<Clause> constraints;
    private final String options;

    private TableText(String sql, Token name, List<ColumnText> columns, List<Clause> constraints, String options) {
        this.sql = sql;
        this.name = name;
        this.columns = List.copyOf(columns);
        this.constraints = List.copyOf(constraints);
        this.options = options;
    }

    /** Reads a statement of {@code sqlite_schema}. */
    public static TableText parse(String sql) {
        return new Parser(sql).table();
    }

    /** The columns in order. */
    public List<ColumnText> columns() {
        return columns;
    }

    /** The constraints of the table itself, in order. */
    public List<Clause> constraints() {
        return constraints;
    }

    /** What follows the closing bracket: STRICT, WITHOUT ROWID. */
    public String options() {
        return options;
    }

    /** A clause of this statement as written, with its CONSTRAINT. */
    public String textOf(Clause clause) {
        return sql.substring(clause.start(), clause.end());
    }

    /** Every clause of one kind in the order of the text: those of columns, then those of the table. */
    public Stream<Clause> clauses(Clause.Kind kind) {
        return Stream.concat(
                columns.stream().flatMap(column -> column.clauses(kind)),
                constraints.stream().filter(clause -> clause.kind() == kind));
    }

    /**
     * The statement for a table of another name, without mention of the old one: a column's prefix with its own table's
     * name, which would be unknown under the new name, is left out.
     */
    public String renamed(String newName) {
        var tokens = SqlTokens.of(sql);
        var kept = new CanonicalText(name.name(), List.of()).withoutOwnPrefix(tokens);
        var text = new StringBuilder();
        var copied = 0;
        for (var token : tokens) {
            if (token.equals(name)) {
                text.append(sql, copied, token.start()).append(SqlNames.quote(newName));
                copied = token.end();
            } else if (!kept.contains(token)) {
                text.append(sql, copied, token.start());
                copied = token.end();
            }
        }
        return text.append(sql.substring(copied)).toString();
    }

    private static final class Parser {
        private final String sql;
        private final List<Token> tokens;
        private final Token nothing;
        private int position;

        Parser(String sql) {
            this.sql = sql;
            this.tokens = SqlTokens.of(sql);
            this.nothing = new Token(Token.Kind.SYMBOL, "", sql.length());
        }

        TableText table() {
            while (position + 1 < tokens.size() && !tokens.get(position + 1).isSymbol("(")) {
                position++;
            }
            var name = current();
            var end = CanonicalText.closingBracket(tokens, position + 1);
            var after = end < 0 ? sql.length() : tokens.get(end).end();
            advance(2);
            List<ColumnText> columns = new ArrayList<>();
            while (position < end && !startsTableConstraint()) {
                columns.add(column(end));
                skipComma();
            }
            var constraints = tableConstraints(end);
            return new TableText(
                    sql, name, columns, constraints, sql.substring(after).strip());
        }

        private boolean startsTableConstraint() {
            return at("CONSTRAINT") || at("PRIMARY") || at("UNIQUE") || at("CHECK") || at("FOREIGN");
        }

        private ColumnText column(int end) {
            var first = take();
            while (position < end && !current().isSymbol(",") && !startsClause()) {
                position = current().isSymbol("(") ? CanonicalText.closingBracket(tokens, position) + 1 : position + 1;
            }
            var typeEnd = tokens.get(position - 1).end();
            var clauses = clauses(end);
            return new ColumnText(
                    first.name(),
                    first.start(),
                    sql.substring(first.start(), tokens.get(position - 1).end()),
                    sql.substring(first.start(), typeEnd),
                    clauses);
        }

        private boolean startsClause() {
            return at("CONSTRAINT")
                    || at("PRIMARY")
                    || at("NOT")
                    || at("NULL")
                    || at("UNIQUE")
                    || at("CHECK")
                    || at("DEFAULT")
                    || at("COLLATE")
                    || at("REFERENCES")
                    || at("AS")
                    || at("DEFERRABLE")
                    || (at("GENERATED") && peek().is("ALWAYS"));
        }

        private List<Clause> clauses(int end) {
            List<Clause> clauses = new ArrayList<>();
            var name = Optional.<Token>empty();
            while (position < end && !current().isSymbol(",")) {
                if (at("CONSTRAINT")) {
                    name = Optional.of(peek());
                    advance(2);
                    continue;
                }
                var from = position;
                var isDeferral = at("DEFERRABLE") || (at("NOT") && peek().is("DEFERRABLE"));
                var kind = columnClause();
                if (isDeferral && !clauses.isEmpty()) {
                    extendForeignKey(clauses, tokens.subList(from, position));
                } else {
                    clauses.add(clause(kind, name, from));
                }
                name = Optional.empty();
            }
            return clauses;
        }

        private Clause clause(Clause.Kind kind, Optional<Token> name, int from) {
            var first = name.isPresent() ? tokens.get(Math.max(0, tokens.indexOf(name.get()) - 1)) : tokens.get(from);
            return new Clause(kind, name.map(Token::name), first.start(), tokens.subList(from, position));
        }

        /** A DEFERRABLE of its own belongs to the last foreign key. */
        private static void extendForeignKey(List<Clause> clauses, List<Token> deferral) {
            for (var i = clauses.size() - 1; i >= 0; i--) {
                var clause = clauses.get(i);
                if (clause.kind() == Clause.Kind.FOREIGN_KEY) {
                    var longer = new ArrayList<>(clause.tokens());
                    longer.addAll(deferral);
                    clauses.set(i, new Clause(clause.kind(), clause.name(), clause.start(), longer));
                    return;
                }
            }
        }

        private Clause.Kind columnClause() {
            var word = SqlNames.upper(take().text());
            return switch (word) {
                case "PRIMARY" -> {
                    skip("KEY");
                    skipAny("ASC", "DESC");
                    skipConflict();
                    skip("AUTOINCREMENT");
                    yield Clause.Kind.PRIMARY_KEY;
                }
                case "NOT", "NULL" -> {
                    if (at("DEFERRABLE")) {
                        position++;
                        skipInitially();
                        yield Clause.Kind.FOREIGN_KEY;
                    }
                    skip("NULL");
                    skipConflict();
                    yield word.equals("NOT") ? Clause.Kind.NOT_NULL : Clause.Kind.NULLABLE;
                }
                case "UNIQUE" -> {
                    skipConflict();
                    yield Clause.Kind.UNIQUE;
                }
                case "CHECK" -> {
                    skipBrackets();
                    skipConflict();
                    yield Clause.Kind.CHECK;
                }
                case "DEFAULT" -> {
                    skipDefault();
                    yield Clause.Kind.DEFAULT;
                }
                case "COLLATE" -> {
                    advance(1);
                    yield Clause.Kind.COLLATE;
                }
                case "REFERENCES" -> {
                    skipReferences();
                    yield Clause.Kind.FOREIGN_KEY;
                }
                case "DEFERRABLE" -> {
                    skipInitially();
                    yield Clause.Kind.FOREIGN_KEY;
                }
                default -> {
                    skip("ALWAYS");
                    skip("AS");
                    skipBrackets();
                    skipAny("STORED", "VIRTUAL");
                    yield Clause.Kind.GENERATED;
                }
            };
        }

        private List<Clause> tableConstraints(int end) {
            List<Clause> clauses = new ArrayList<>();
            var name = Optional.<Token>empty();
            while (position < end) {
                if (current().isSymbol(",")) {
                    position++;
                } else if (at("CONSTRAINT")) {
                    name = Optional.of(peek());
                    advance(2);
                } else {
                    var from = position;
                    var kind = tableConstraint();
                    clauses.add(clause(kind, name, from));
                    name = Optional.empty();
                }
            }
            return clauses;
        }

        private Clause.Kind tableConstraint() {
            var word = SqlNames.upper(take().text());
            skip("KEY");
            skipBrackets();
            if (word.equals("FOREIGN")) {
                skip("REFERENCES");
                skipReferences();
                return Clause.Kind.FOREIGN_KEY;
            }
            skipConflict();
            return switch (word) {
                case "PRIMARY" -> Clause.Kind.PRIMARY_KEY;
                case "UNIQUE" -> Clause.Kind.UNIQUE;
                default -> Clause.Kind.CHECK;
            };
        }

        private void skipReferences() {
            advance(1);
            skipBrackets();
            while (at("ON") || at("MATCH")) {
                advance(at("ON") ? 2 : 1);
                advance(at("SET") || at("NO") ? 2 : 1);
            }
            if (at("NOT") && peek().is("DEFERRABLE")) {
                position++;
            }
            if (at("DEFERRABLE")) {
                position++;
                skipInitially();
            }
        }

        private void skipInitially() {
            if (at("INITIALLY")) {
                advance(2);
            }
        }

        private void skipDefault() {
            if (current().isSymbol("(")) {
                skipBrackets();
            } else {
                advance(current().isSymbol("+") || current().isSymbol("-") ? 2 : 1);
            }
        }

        private void skipConflict() {
            if (at("ON")) {
                advance(3);
            }
        }

        private void skipBrackets() {
            if (current().isSymbol("(")) {
                position = CanonicalText.closingBracket(tokens, position) + 1;
            }
        }

        private void skipAny(String one, String other) {
            skip(one);
            skip(other);
        }

        private void skip(String keyword) {
            if (at(keyword)) {
                position++;
            }
        }

        private void skipComma() {
            if (current().isSymbol(",")) {
                position++;
            }
        }

        private boolean at(String keyword) {
            return current().is(keyword);
        }

        /** The token here; past the end one that is nothing. */
        private Token current() {
            return position < tokens.size() ? tokens.get(position) : nothing;
        }

        private Token peek() {
            return position + 1 < tokens.size() ? tokens.get(position + 1) : nothing;
        }

        private Token take() {
            var token = current();
            advance(1);
            return token;
        }

        private void advance(int count) {
            position = Math.min(position + count, tokens.size());
        }
    }
}
