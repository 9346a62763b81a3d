package io.merklite.session.apply;

/** Decides about conflicts. Called on the thread that applies; must not touch the connection. */
@FunctionalInterface
public interface ConflictHandler {
    /** Every conflict ends the whole apply. */
    ConflictHandler ABORT = conflict -> Resolution.ABORT;

    /** Every conflicting change is left out. */
    ConflictHandler OMIT = conflict -> Resolution.OMIT;

    /** Rows in the way are written over; what can't be, is left out. */
    ConflictHandler REPLACE = conflict -> switch (conflict.type()) {
        case DATA, CONFLICT -> Resolution.REPLACE;
        case NOT_FOUND, CONSTRAINT, FOREIGN_KEY -> Resolution.OMIT;
    };

    /** The decision. Whatever is not legal for {@code conflict} ends the apply with an error, and nothing is applied. */
    Resolution resolve(Conflict conflict);
}
