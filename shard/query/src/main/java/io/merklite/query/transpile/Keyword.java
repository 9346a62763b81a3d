package io.merklite.query.transpile;

import static io.merklite.query.transpile.Keyword.Role.LIKE_OPERATOR;
import static io.merklite.query.transpile.Keyword.Role.NAME;
import static io.merklite.query.transpile.Keyword.Role.OPERATOR;
import static io.merklite.query.transpile.Keyword.Role.RESERVED;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** The words that mean something to the translation; any other word is {@link #NONE}. Case does not matter. */
enum Keyword {
    NONE(NAME),
    ALL(OPERATOR),
    AND(OPERATOR),
    AS(RESERVED),
    BEGIN(NAME),
    BETWEEN(OPERATOR),
    BY(NAME),
    CASE(OPERATOR),
    CHECK(RESERVED),
    COLLATE(RESERVED),
    CONFLICT(NAME),
    CREATE(RESERVED),
    CROSS(RESERVED),
    DEFAULT(RESERVED),
    DELETE(RESERVED),
    DISTINCT(OPERATOR),
    ELSE(OPERATOR),
    END(NAME),
    ESCAPE(OPERATOR),
    EXCEPT(OPERATOR),
    EXISTS(OPERATOR),
    EXPLAIN(NAME),
    FALSE(NAME),
    FROM(OPERATOR),
    FULL(RESERVED),
    GLOB(LIKE_OPERATOR),
    GROUP(RESERVED),
    HAVING(OPERATOR),
    IN(OPERATOR),
    INDEXED(RESERVED),
    INNER(RESERVED),
    INSERT(RESERVED),
    INTERSECT(OPERATOR),
    IS(OPERATOR),
    ISNULL(RESERVED),
    JOIN(RESERVED),
    LEFT(RESERVED),
    LIKE(LIKE_OPERATOR),
    LIMIT(OPERATOR),
    MATCH(LIKE_OPERATOR),
    MATERIALIZED(NAME),
    NATURAL(RESERVED),
    NOT(OPERATOR),
    NOTNULL(RESERVED),
    NULL(RESERVED),
    OFFSET(NAME),
    ON(OPERATOR),
    OR(OPERATOR),
    ORDER(RESERVED),
    OUTER(RESERVED),
    OVER(NAME),
    PARTITION(NAME),
    PLAN(NAME),
    QUERY(NAME),
    RECURSE(NAME),
    RECURSIVE(NAME),
    REGEXP(LIKE_OPERATOR),
    REPLACE(NAME),
    RETURNING(OPERATOR),
    RIGHT(RESERVED),
    SELECT(OPERATOR),
    SET(OPERATOR),
    THEN(OPERATOR),
    TRIGGER(NAME),
    TRUE(NAME),
    UNION(OPERATOR),
    UPDATE(RESERVED),
    USING(RESERVED),
    VALUES(OPERATOR),
    WHEN(OPERATOR),
    WHERE(OPERATOR),
    WINDOW(NAME),
    WITH(NAME);

    /** What a word does in an expression. */
    enum Role {
        /** Can be the name of a column, table or alias. */
        NAME,
        /** Never a name, and no operand follows. */
        RESERVED,
        /** Never a name; an operand follows. */
        OPERATOR,
        /** A name where an operand is due, otherwise an operator. */
        LIKE_OPERATOR
    }

    private static final int LONGEST = 12;
    private static final Map<String, Keyword> BY_TEXT = byText();

    private final Role role;

    Keyword(Role role) {
        this.role = role;
    }

    private static Map<String, Keyword> byText() {
        Map<String, Keyword> words = new HashMap<>();
        for (var keyword : values()) {
            if (keyword != NONE) {
                words.put(keyword.name(), keyword);
            }
        }
        return Map.copyOf(words);
    }

    static Keyword of(String word) {
        if (word.length() > LONGEST) {
            return NONE;
        }
        for (var index = 0; index < word.length(); index++) {
            // A dotless i is an I in upper case, but no letter of a keyword.
            if (word.charAt(index) > 'z') {
                return NONE;
            }
        }
        return BY_TEXT.getOrDefault(word.toUpperCase(Locale.ROOT), NONE);
    }

    Role role() {
        return role;
    }

    /** Whether the word can be a name that nobody quotes. */
    boolean canBeName() {
        return role == NAME || role == LIKE_OPERATOR;
    }
}
