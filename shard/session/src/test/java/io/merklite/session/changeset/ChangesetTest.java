package io.merklite.session.changeset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.SessionException;
import io.merklite.testkit.Seeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ChangesetTest {
    private static final List<TableInfo> TABLES = List.of(
            new TableInfo("t", List.of(1, 0, 0)),
            new TableInfo("keys", List.of(2, 1)),
            new TableInfo("täble", List.of(0, 1, 0, 0)));

    /** Several changes of each row, added up. */
    private static Changeset random(RandomGenerator random, int changes, int maxText) {
        var builder = new ChangesetBuilder();
        for (var i = 0; i < changes; i++) {
            var info = TABLES.get(random.nextInt(TABLES.size()));
            var table = builder.table(info);
            var row = row(random, info, maxText);
            switch (random.nextInt(3)) {
                case 0 -> table.insert(row);
                case 1 -> table.delete(row);
                default -> {
                    var oldValues = new ArrayList<>(row);
                    var newValues = new ArrayList<>(row(random, info, maxText));
                    var changed = false;
                    for (var column = 0; column < row.size(); column++) {
                        if (info.isKey(column)) {
                            newValues.set(column, ChangesetValue.UNDEFINED);
                        } else if (random.nextBoolean()) {
                            oldValues.set(column, ChangesetValue.UNDEFINED);
                            newValues.set(column, ChangesetValue.UNDEFINED);
                        } else {
                            changed = true;
                        }
                    }
                    if (changed) {
                        table.update(oldValues, newValues);
                    }
                }
            }
        }
        return builder.build();
    }

    private static List<ChangesetValue> row(RandomGenerator random, TableInfo table, int maxText) {
        List<ChangesetValue> row = new ArrayList<>();
        for (var i = 0; i < table.columnCount(); i++) {
            row.add(table.isKey(i) ? new ChangesetValue.Integer(random.nextInt(20)) : value(random, maxText));
        }
        return row;
    }

    private static ChangesetValue value(RandomGenerator random, int maxText) {
        return switch (random.nextInt(5)) {
            case 0 -> ChangesetValue.NULL;
            case 1 -> new ChangesetValue.Integer(random.nextLong());
            case 2 -> new ChangesetValue.Real(random.nextDouble());
            case 3 -> ChangesetValue.Text.of("x".repeat(random.nextInt(maxText)));
            default -> ChangesetValue.Blob.copyOf(new byte[random.nextInt(maxText)]);
        };
    }

    @Test
    void inverseOfTheInverseIsTheChangeset() {
        Seeds.upTo(200)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var changeset = random(random, 40, 200);

                    assertThat(changeset.invert().invert()).isEqualTo(changeset);
                }));
    }

    @Test
    void changesetAndItsInverseAreNothing() {
        Seeds.upTo(200)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var changeset = random(random, 40, 20);

                    assertThat(changeset.concat(changeset.invert()).isEmpty()).isTrue();
                }));
    }

    @Test
    void objectsRoundTrip() {
        Seeds.upTo(100)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var changeset = random(random, 60, 20);
                    var writer = new ChangesetWriter();
                    for (var table : changeset.tables()) {
                        var flags = new byte[table.table().columnCount()];
                        for (var i = 0; i < flags.length; i++) {
                            flags[i] = (byte) (int) table.table().keyPositions().get(i);
                        }
                        writer.table(false, table.table().name(), flags);
                        for (var change : table.changes()) {
                            writer.change(change.op(), change.indirect());
                            if (change.op() != ChangeOp.INSERT) {
                                change.oldValues().forEach(writer::value);
                            }
                            if (change.op() != ChangeOp.DELETE) {
                                change.newValues().forEach(writer::value);
                            }
                        }
                    }

                    assertThat(Changeset.copyOf(writer.toByteArray())).isEqualTo(changeset);
                }));
    }

    @Test
    void partsOfAStreamAddUpToTheWhole() {
        Seeds.upTo(20)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var changeset = random(random, 300, 5000);
                    var parts = new ChangesetParts(new ByteArrayInputStream(changeset.toByteArray()));
                    var group = new ChangeGroup();
                    var count = 0;

                    while (parts.hasNext()) {
                        var part = parts.next();
                        group.add(part);
                        count++;
                    }

                    assertThat(count).isGreaterThan(1);
                    assertThat(group.changeset().statistics().changes())
                            .isEqualTo(changeset.statistics().changes());
                    assertThat(new ChangeGroup()
                                    .add(new ByteArrayInputStream(changeset.toByteArray()))
                                    .changeset())
                            .isEqualTo(new ChangeGroup().add(changeset).changeset());
                }));
    }

    @Test
    void streamIsInvertedLikeTheBytes() {
        Seeds.upTo(20)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var changeset = random(random, 300, 5000);
                    var out = new ByteArrayOutputStream();

                    Inversion.invert(new ByteArrayInputStream(changeset.toByteArray()), out);

                    assertThat(out.toByteArray()).isEqualTo(changeset.invert().toByteArray());
                }));
    }

    @Test
    void streamThatEndsEarlyIsRefusedWithItsOffset() {
        var bytes = random(Seeds.random(1), 300, 5000).toByteArray();
        var parts = new ChangesetParts(new ByteArrayInputStream(bytes, 0, bytes.length - 1));

        assertThatThrownBy(() -> parts.forEachRemaining(part -> {}))
                .isInstanceOfSatisfying(SessionException.MalformedChangeset.class, e -> {
                    assertThat(e.isTruncated()).isTrue();
                    assertThat(e.offset()).isBetween(bytes.length - 5100L, (long) bytes.length);
                });
    }

    @Test
    void streamThatFailsIsReported() {
        var broken = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("unplugged");
            }
        };

        assertThatThrownBy(() -> new ChangesetParts(broken).hasNext())
                .isInstanceOf(SessionException.StreamFailure.class)
                .hasMessageContaining("unplugged");
    }

    @Test
    void filterKeepsTheTablesThatAreAccepted() {
        var changeset = random(Seeds.random(1), 60, 20);

        var kept = changeset.filter(name -> name.equals("keys"));

        assertThat(kept.tables())
                .isEqualTo(changeset.tables().stream()
                        .filter(table -> table.table().name().equals("keys"))
                        .toList());
    }

    @Test
    void patchsetIsNoChangeset() {
        var patchset = random(Seeds.random(1), 10, 20).toPatchset().toByteArray();

        assertThatThrownBy(() -> Changeset.copyOf(patchset)).isInstanceOf(SessionException.WrongKind.class);
    }

    @Test
    void dumpShowsEveryValueExactly() {
        var builder = new ChangesetBuilder();
        builder.table(new TableInfo("t", List.of(1, 0, 0, 0, 0)))
                .insert(List.of(
                        new ChangesetValue.Integer(Long.MIN_VALUE),
                        new ChangesetValue.Real(0.1),
                        ChangesetValue.Text.of("it's \"é\"\n"),
                        ChangesetValue.Text.copyOf(HexFormat.of().parseHex("ff41")),
                        ChangesetValue.Blob.copyOf(new byte[] {0, 1})));

        assertThat(ChangeDump.text(builder.build()))
                .isEqualTo("table t\n  INSERT 0*=-9223372036854775808 1=0.1 2='it''s \"é\"\n'"
                        + " 3=CAST(x'ff41' AS TEXT) 4=x'0001'\n");
        assertThat(ChangeDump.json(builder.build()))
                .isEqualTo("[{\"table\":\"t\",\"key\":[1,0,0,0,0],\"changes\":[{\"op\":\"INSERT\",\"indirect\":false,"
                        + "\"new\":[-9223372036854775808,{\"real\":\"0.1\"},\"it's \\\"é\\\"\\u000a\","
                        + "{\"text_hex\":\"ff41\"},{\"hex\":\"0001\"}]}]}]");
    }

    @Test
    void statisticsCountByTableAndOperation() {
        var builder = new ChangesetBuilder();
        var one = new ChangesetValue.Integer(1);
        builder.table(TABLES.get(0))
                .insert(List.of(one, one, one))
                .indirect(true)
                .delete(List.of(new ChangesetValue.Integer(2), one, one));

        assertThat(builder.build().statistics().tables())
                .containsExactly(new ChangeStatistics.Table("t", 1, 0, 1, 1, 2 * (2 + 27)));
    }
}
