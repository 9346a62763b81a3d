package io.merklite.sync.store;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.transaction.Births.Birth;
import java.util.List;

/** Keys of rows that are identified by their birth: clock, origin, ordinal. */
final class Keys {
    private Keys() {}

    static RowKey ofBirth(TrackedTable table, Birth birth) {
        return RowKey.of(
                table.seed(),
                List.of(
                        new ChangesetValue.Integer(birth.stamp().clock()),
                        new ChangesetValue.Integer(birth.stamp().origin().bits()),
                        new ChangesetValue.Integer(birth.ordinal())));
    }

    /** Whether three integers are a clock, an origin and an ordinal. */
    static boolean isBirth(List<ChangesetValue> integers) {
        var ordinal = integer(integers, 2);
        return integer(integers, 0) >= 0 && integer(integers, 1) != 0 && ordinal >= 0 && ordinal <= Integer.MAX_VALUE;
    }

    static Birth birth(RowKey key) {
        var stamp = new Stamp(integer(key, 0), new Origin(integer(key, 1)));
        return new Birth(stamp, Math.toIntExact(integer(key, 2)));
    }

    private static long integer(RowKey key, int index) {
        return integer(key.values(), index);
    }

    private static long integer(List<ChangesetValue> values, int index) {
        return ((ChangesetValue.Integer) values.get(index)).value();
    }
}
