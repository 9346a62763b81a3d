package io.merklite.cluster.sql;

/**
 * Why a statement or request failed.
 *
 * @param code SQLite's primary result code by name, such as {@code SQLITE_CONSTRAINT}, or one of the codes that libSQL's
 *     clients know, or one of Merklite's own, all listed in {@code docs/errors.md}
 * @param message for people; holds SQLite's own text verbatim where there is one
 */
public record SqlError(String code, String message) {}
