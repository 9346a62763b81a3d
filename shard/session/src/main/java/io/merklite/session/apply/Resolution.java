package io.merklite.session.apply;

/** What to do about a conflict. */
public enum Resolution {
    /** Leave the change out; for {@link ConflictType#FOREIGN_KEY}, accept the violations. Always legal. */
    OMIT,
    /** Write over the row that is in the way. Legal for {@link ConflictType#DATA} and {@link ConflictType#CONFLICT}. */
    REPLACE,
    /** Apply nothing at all. Always legal. */
    ABORT
}
