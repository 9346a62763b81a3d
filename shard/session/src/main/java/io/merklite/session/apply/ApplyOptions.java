package io.merklite.session.apply;

import io.merklite.session.changeset.ChangesetRow;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/**
 * How to apply a changeset.
 *
 * @param savepoint whether a failure undoes everything (SQLite's default); without, what was applied before a failure
 *     stays, and the caller decides
 * @param invert whether to apply the inverse; for changesets only
 * @param ignoreNoOps whether a change that would change nothing is no conflict: a DELETE of a missing row, an INSERT of
 *     an identical one, an UPDATE of a row that has all new values already
 * @param noForeignKeyActions whether CASCADE, SET NULL and the like are taken as NO ACTION. Only outside a transaction,
 *     since SQLite can't switch inside one
 * @param resolveUpdateLoops whether UPDATEs that block each other in a circle, such as two rows that swap a unique
 *     value, are resolved by taking a row out for a moment
 * @param rebase whether to record what a rebase of local changes needs; for changesets only
 * @param tableFilter which tables' changes are applied, by the name that the changeset has
 * @param changeFilter which changes are applied; none asks for all, without the cost of making an object of each
 */
public record ApplyOptions(
        boolean savepoint,
        boolean invert,
        boolean ignoreNoOps,
        boolean noForeignKeyActions,
        boolean resolveUpdateLoops,
        boolean rebase,
        Predicate<String> tableFilter,
        Optional<BiPredicate<String, ChangesetRow>> changeFilter) {
    /** SQLite's defaults, and update loops resolved as newer versions of it do. */
    public static final ApplyOptions DEFAULTS =
            new ApplyOptions(true, false, false, false, true, false, table -> true, Optional.empty());

    public ApplyOptions withoutSavepoint() {
        return new ApplyOptions(
                false, invert, ignoreNoOps, noForeignKeyActions, resolveUpdateLoops, rebase, tableFilter, changeFilter);
    }

    public ApplyOptions inverted() {
        return new ApplyOptions(
                savepoint,
                true,
                ignoreNoOps,
                noForeignKeyActions,
                resolveUpdateLoops,
                rebase,
                tableFilter,
                changeFilter);
    }

    public ApplyOptions ignoringNoOps() {
        return new ApplyOptions(
                savepoint, invert, true, noForeignKeyActions, resolveUpdateLoops, rebase, tableFilter, changeFilter);
    }

    public ApplyOptions withoutForeignKeyActions() {
        return new ApplyOptions(
                savepoint, invert, ignoreNoOps, true, resolveUpdateLoops, rebase, tableFilter, changeFilter);
    }

    public ApplyOptions withoutResolvingUpdateLoops() {
        return new ApplyOptions(
                savepoint, invert, ignoreNoOps, noForeignKeyActions, false, rebase, tableFilter, changeFilter);
    }

    public ApplyOptions recordingRebase() {
        return new ApplyOptions(
                savepoint,
                invert,
                ignoreNoOps,
                noForeignKeyActions,
                resolveUpdateLoops,
                true,
                tableFilter,
                changeFilter);
    }

    public ApplyOptions filteringTables(Predicate<String> filter) {
        return new ApplyOptions(
                savepoint, invert, ignoreNoOps, noForeignKeyActions, resolveUpdateLoops, rebase, filter, changeFilter);
    }

    public ApplyOptions filteringChanges(BiPredicate<String, ChangesetRow> filter) {
        return new ApplyOptions(
                savepoint,
                invert,
                ignoreNoOps,
                noForeignKeyActions,
                resolveUpdateLoops,
                rebase,
                tableFilter,
                Optional.of(filter));
    }
}
