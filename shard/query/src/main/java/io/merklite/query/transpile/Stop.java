package io.merklite.query.transpile;

/** Where a run of SQL ends, besides a comma, a closing bracket or a semicolon. */
enum Stop {
    /** Nowhere else. */
    NEVER,
    /** At the next clause of a select, or at what follows a select in a statement. */
    CLAUSE,
    /** As {@link #CLAUSE}, and at OFFSET. */
    LIMIT,
    /** In FROM: as {@link #CLAUSE} but for ON, and at JOIN. */
    TABLE,
    /** In the head of a statement: where its query or its first clause begins. */
    HEAD;

    /**
     * @param token the next token of {@code tokens}
     * @param previous the one before, in the same run
     * @param operandDue whether an operand is due
     */
    boolean at(Token token, Token previous, boolean operandDue, TokenStream tokens) {
        if (this == NEVER || token.keyword() == Keyword.NONE || previous.is('.')) {
            return false;
        }
        return this == HEAD
                ? endsHead(token, previous, operandDue, tokens)
                : endsClause(token, previous, operandDue, tokens);
    }

    private static boolean endsHead(Token token, Token previous, boolean operandDue, TokenStream tokens) {
        return switch (token.keyword()) {
            case SELECT, VALUES, SET, WHERE, WHEN, RETURNING -> true;
            case FROM -> !previous.is(Keyword.DELETE);
            case BEGIN -> !operandDue;
            case WITH -> !operandDue && beginsWith(token, tokens);
            default -> false;
        };
    }

    private boolean endsClause(Token token, Token previous, boolean operandDue, TokenStream tokens) {
        return switch (token.keyword()) {
            case WHERE, HAVING, LIMIT, UNION, EXCEPT, INTERSECT, RETURNING, SELECT -> true;
            case GROUP, ORDER -> tokens.after(token).is(Keyword.BY);
            case FROM -> !previous.is(Keyword.DISTINCT);
            case WINDOW -> !operandDue && beginsWindow(token, tokens);
            case ON -> this != TABLE;
            case JOIN -> this == TABLE;
            case OFFSET -> this == LIMIT && !operandDue;
            default -> false;
        };
    }

    /** Whether {@code WITH name AS} or {@code WITH name (columns)} stands there, as the word alone may be a name. */
    static boolean beginsWith(Token token, TokenStream tokens) {
        if (!token.is(Keyword.WITH)) {
            return false;
        }
        var name = tokens.after(token);
        if (name.is(Keyword.RECURSIVE) && isTableName(tokens.after(name))) {
            return true;
        }
        return isTableName(name) && (name.is('[') || endsTableName(tokens.after(name)));
    }

    private static boolean isTableName(Token token) {
        return token.isName() || token.kind() == Token.Kind.STRING || token.is('[');
    }

    private static boolean endsTableName(Token token) {
        return token.is(Keyword.AS) || token.is('(');
    }

    /** Whether {@code WINDOW name AS (…)} stands there, as the word alone may be a name. */
    static boolean beginsWindow(Token token, TokenStream tokens) {
        if (!token.is(Keyword.WINDOW)) {
            return false;
        }
        var name = tokens.after(token);
        return name.isName() && tokens.after(name).is(Keyword.AS);
    }
}
