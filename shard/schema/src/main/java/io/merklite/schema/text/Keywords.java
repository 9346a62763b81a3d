package io.merklite.schema.text;

import java.util.Set;

/** SQLite's words that can't be names without quotes, and those that mean something where an expression stands. */
final class Keywords {
    private static final Set<String> RESERVED =
            Set.of(("add all alter and as autoincrement between case cast check collate commit constraint create cross"
                            + " current current_date current_time current_timestamp default deferrable delete distinct"
                            + " drop else end escape except exists false filter foreign from full glob group having if"
                            + " in index inner insert intersect into is isnull join left like limit match materialized"
                            + " natural not nothing notnull null on or order outer over primary raise references regexp"
                            + " returning right rowid select set table then to transaction true union unique update"
                            + " using values when where with within")
                    .split(" "));

    private Keywords() {}

    static boolean isReserved(String word) {
        return RESERVED.contains(word);
    }
}
