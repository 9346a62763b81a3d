package io.merklite.query.subscribe;

import io.merklite.query.subscribe.SqlTokens.Token;
import io.merklite.query.subscribe.WatchedTable.TableId;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.parser.CCJSqlParser;
import net.sf.jsqlparser.parser.ParseException;
import net.sf.jsqlparser.parser.StringProvider;
import net.sf.jsqlparser.statement.Statement;
import net.sf.jsqlparser.statement.select.AllColumns;
import net.sf.jsqlparser.statement.select.AllTableColumns;
import net.sf.jsqlparser.statement.select.FromItem;
import net.sf.jsqlparser.statement.select.ParenthesedFromItem;
import net.sf.jsqlparser.statement.select.ParenthesedSelect;
import net.sf.jsqlparser.statement.select.PlainSelect;
import net.sf.jsqlparser.statement.select.Select;
import net.sf.jsqlparser.statement.select.SetOperationList;
import net.sf.jsqlparser.statement.select.TableFunction;
import net.sf.jsqlparser.statement.select.Values;

/**
 * Finds each occurrence of a table in a query, and the terms that its rows must meet there.
 *
 * <p>The parser is a foreign one, made for many dialects, so it is not trusted further than can be checked: (1) it must
 * find as many SELECTs as the text has tokens of that name, so no subquery is overlooked; (2) a table named without
 * SELECT, as in {@code x IN some_table}, makes the query unsure; (3) a table that the bytecode opens and the tree does not
 * show counts as unfiltered (see {@link Dependencies}). An unsure query depends on all rows of its tables.
 */
final class SelectAnalysis {
    /** Texts with more words and symbols, or deeper ones, are not parsed: the parser recurses. Lists may be long. */
    private static final int MOST_LINKS = 4_000;

    private static final int MOST_NESTING = 40;
    private static final int MOST_VIEWS = 100;

    private final Catalog catalog;
    private final Literals literals;
    private final Map<TableId, List<Scan>> scans = new HashMap<>();
    private final Map<String, Integer> mentions = new HashMap<>();
    private final Map<String, Integer> named = new HashMap<>();
    private Deque<Set<String>> commonTables = new ArrayDeque<>();
    private boolean isSure = true;
    private boolean hasStar;
    private int selectCount;
    private int viewCount;

    private SelectAnalysis(Catalog catalog, Literals literals) {
        this.catalog = catalog;
        this.literals = literals;
    }

    /** Analyses the query with these tokens. */
    static SelectAnalysis of(
            Connection connection, Catalog catalog, Optional<List<Token>> tokens, List<SqlValue> parameters)
            throws SQLException {
        var plain = tokens.stream()
                .flatMap(List::stream)
                .filter(token -> token.kind() == SqlTokens.Kind.PARAMETER)
                .allMatch(token -> token.text().equals("?"));
        var analysis = new SelectAnalysis(catalog, new Literals(connection, parameters, plain));
        if (tokens.isPresent()) {
            analysis.readText(tokens.get());
        } else {
            analysis.isSure = false;
        }
        return analysis;
    }

    /** The occurrences of a table; none if they are not known, so that any row may have a part in the result. */
    Optional<List<Scan>> scans(TableId table) {
        return isSure ? Optional.ofNullable(scans.get(table)) : Optional.empty();
    }

    /** Whether a column of this name, folded, is named nowhere but in terms that have been read. */
    boolean isNamedInTermsOnly(String column) {
        var inTerms = mentions.getOrDefault(column, 0);
        return isSure && !hasStar && inTerms > 0 && inTerms.equals(named.get(column));
    }

    private void readText(List<Token> tokens) throws SQLException {
        for (var token : tokens) {
            if (token.kind() == SqlTokens.Kind.WORD
                    || token.kind() == SqlTokens.Kind.QUOTED
                    || token.kind() == SqlTokens.Kind.STRING) {
                named.merge(Names.fold(token.text()), 1, Integer::sum);
            }
        }
        var statement = isParsable(tokens) ? parse(ParserText.of(tokens)) : Optional.<Statement>empty();
        if (statement.isPresent() && statement.get() instanceof Select select) {
            var outerCount = selectCount;
            selectCount = 0;
            walk(select);
            isSure &= selectCount
                    == tokens.stream().filter(token -> token.isWord("SELECT")).count();
            selectCount = outerCount;
        } else {
            isSure = false;
        }
    }

    private static boolean isParsable(List<Token> tokens) {
        var depth = 0;
        var links = 0;
        for (var i = 0; i < tokens.size(); i++) {
            var token = tokens.get(i);
            depth += token.isSymbol("(") ? 1 : token.isSymbol(")") ? -1 : 0;
            var isTableAsList = token.isWord("IN")
                    && (i + 1 == tokens.size() || !tokens.get(i + 1).isSymbol("("));
            links += (token.kind() == SqlTokens.Kind.WORD || token.kind() == SqlTokens.Kind.SYMBOL)
                            && !token.isSymbol(",")
                    ? 1
                    : 0;
            if (depth > MOST_NESTING || links > MOST_LINKS || isTableAsList) {
                return false;
            }
        }
        return true;
    }

    /** A text that the parser refuses, in whatever way, is one that nothing is known of. */
    private static Optional<Statement> parse(String text) {
        try {
            return Optional.ofNullable(new CCJSqlParser(new StringProvider(text))
                    .withAllowComplexParsing(true)
                    .Statement());
        } catch (ParseException | RuntimeException refused) {
            return Optional.empty();
        }
    }

    private void walk(Select select) throws SQLException {
        var withItems = select.getWithItemsList();
        if (withItems != null) {
            Set<String> names = new HashSet<>();
            withItems.forEach(item ->
                    names.add(Names.fold(Names.unquote(item.getAliasName().strip()))));
            commonTables.push(names);
            for (var item : withItems) {
                if (item.getParenthesedStatement() instanceof ParenthesedSelect body) {
                    walk(body);
                } else {
                    isSure = false;
                }
            }
        }
        switch (select) {
            case PlainSelect plain -> walkPlain(plain);
            case SetOperationList compound -> {
                for (var arm : compound.getSelects()) {
                    walk(arm);
                }
            }
            case ParenthesedSelect inner -> walk(inner.getSelect());
            case Values values -> walkSelectsIn(values.getExpressions());
            default -> isSure = false;
        }
        for (var nested : SelectsInside.ofTail(select)) {
            walk(nested);
        }
        if (withItems != null) {
            commonTables.pop();
        }
    }

    private void walkSelectsIn(Expression expression) throws SQLException {
        for (var nested : SelectsInside.of(expression)) {
            walk(nested);
        }
    }

    private void walkPlain(PlainSelect select) throws SQLException {
        selectCount++;
        for (var item : select.getSelectItems()) {
            hasStar |= item.getExpression() instanceof AllColumns || item.getExpression() instanceof AllTableColumns;
        }
        var scope = new FromScope();
        var terms = new JoinTerms(scope, new TermReader(scope, literals, catalog.isUtf8()));
        List<Optional<TableId>> tables = new ArrayList<>();
        if (select.getFromItem() != null) {
            tables.add(add(scope, select.getFromItem(), false));
        }
        var joins = select.getJoins();
        for (var i = 0; joins != null && i < joins.size(); i++) {
            tables.add(add(scope, joins.get(i).getFromItem(), JoinTerms.isLeft(joins.get(i))));
            terms.join(joins.get(i));
        }
        if (select.getWhere() != null) {
            terms.where(select.getWhere());
        }
        hasStar |= terms.hasNaturalJoin();
        for (var i = 0; i < tables.size(); i++) {
            var index = i;
            tables.get(i).ifPresent(id -> addScan(id, terms.scan(index)));
        }
        terms.mentions().forEach((column, count) -> mentions.merge(column, count, Integer::sum));
        for (var nested : SelectsInside.ofBody(select)) {
            walk(nested);
        }
    }

    private void addScan(TableId table, Scan scan) {
        scans.computeIfAbsent(table, id -> new ArrayList<>()).add(scan);
    }

    /** Adds an item of FROM to the scope; the table that it is, if it is one. */
    private Optional<TableId> add(FromScope scope, FromItem item, boolean isOptional) throws SQLException {
        if (item.getPivot() != null || item.getUnPivot() != null || item.getSampleClause() != null) {
            isSure = false;
        }
        switch (item) {
            case net.sf.jsqlparser.schema.Table table -> {
                return addTable(scope, table, isOptional);
            }
            case ParenthesedFromItem inner -> addUnfiltered(inner);
            case TableFunction function -> {
                for (var called : function.getFunctions()) {
                    walkSelectsIn(called);
                }
            }
            case Select select -> walk(select);
            default -> isSure = false;
        }
        scope.add(new FromScope.Item(
                qualifier(item, ""), Optional.empty(), Optional.empty(), Optional.empty(), isOptional));
        return Optional.empty();
    }

    private static String qualifier(FromItem item, String otherwise) {
        var alias = item.getAlias();
        return Names.fold(
                Names.unquote(alias == null ? otherwise : alias.getName().strip()));
    }

    private Optional<TableId> addTable(FromScope scope, net.sf.jsqlparser.schema.Table table, boolean isOptional)
            throws SQLException {
        var name = Names.unquote(table.getName());
        var schema = Optional.ofNullable(table.getSchemaName()).map(Names::unquote);
        var qualifier = qualifier(table, table.getName());
        var isCommonTable =
                schema.isEmpty() && commonTables.stream().anyMatch(names -> names.contains(Names.fold(name)));
        var definition = isCommonTable ? Optional.<Catalog.Definition>empty() : catalog.definition(schema, name);
        if (definition.isEmpty()) {
            isSure &= isCommonTable;
            scope.add(new FromScope.Item(qualifier, Optional.empty(), Optional.empty(), Optional.empty(), isOptional));
            return Optional.empty();
        }
        var id = definition.get().id();
        if (definition.get().kind() == Catalog.Kind.VIEW) {
            readView(definition.get());
        }
        var isTable = definition.get().kind() == Catalog.Kind.TABLE && id.isMain();
        scope.add(new FromScope.Item(
                qualifier,
                table.getAlias() == null ? Optional.of(id.schema()) : Optional.empty(),
                isTable ? catalog.table(id) : Optional.empty(),
                definition.get().kind() == Catalog.Kind.VIRTUAL
                        ? Optional.empty()
                        : Optional.of(catalog.columnNames(id)),
                isOptional));
        return isTable ? Optional.of(id) : Optional.empty();
    }

    /** A join in parentheses: its tables count as unfiltered. */
    private void addUnfiltered(ParenthesedFromItem inner) throws SQLException {
        var scope = new FromScope();
        add(scope, inner.getFromItem(), true).ifPresent(id -> addScan(id, Scan.UNFILTERED));
        var joins = inner.getJoins();
        for (var i = 0; joins != null && i < joins.size(); i++) {
            add(scope, joins.get(i).getFromItem(), true).ifPresent(id -> addScan(id, Scan.UNFILTERED));
            for (var on : joins.get(i).getOnExpressions()) {
                walkSelectsIn(on);
            }
        }
        hasStar = true;
    }

    /** A view's query is read as one of its own: it sees no common table of the query that names it. */
    private void readView(Catalog.Definition view) throws SQLException {
        viewCount++;
        var body = viewCount > MOST_VIEWS
                ? Optional.<List<Token>>empty()
                : SqlTokens.of(view.sql()).map(SelectAnalysis::body);
        if (body.isEmpty()) {
            isSure = false;
            return;
        }
        var outer = commonTables;
        commonTables = new ArrayDeque<>();
        readText(body.get());
        commonTables = outer;
    }

    /** What follows the first AS of a CREATE VIEW. */
    private static List<Token> body(List<Token> tokens) {
        for (var i = 0; i < tokens.size(); i++) {
            if (tokens.get(i).isWord("AS")) {
                return tokens.subList(i + 1, tokens.size());
            }
        }
        return List.of();
    }
}
