package io.merklite.session.apply;

/** Why a change could not be applied as it is. */
public enum ConflictType {
    /** UPDATE or DELETE: the row is there, but its old values are others. */
    DATA,
    /** UPDATE or DELETE: there is no row with this key. */
    NOT_FOUND,
    /** INSERT: a row with this key is there already. */
    CONFLICT,
    /** Another constraint failed: UNIQUE, NOT NULL, CHECK, a STRICT type, or RAISE(ABORT) in a trigger. */
    CONSTRAINT,
    /** At the end of all changes, foreign keys are violated that were not before. Asked once, without a change. */
    FOREIGN_KEY
}
