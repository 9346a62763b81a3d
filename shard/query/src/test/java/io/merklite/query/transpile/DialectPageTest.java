package io.merklite.query.transpile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The user's page shows what really happens. */
class DialectPageTest {
    private static final Path PAGE = Path.of("../../docs/query-dialect.md");
    private static final Pattern SETUP = Pattern.compile("```sql setup\n(.*?)```", Pattern.DOTALL);
    private static final Pattern EXAMPLE = Pattern.compile("```sql\n(.*?)```\n```result\n(.*?)```", Pattern.DOTALL);

    @Test
    void examplesGiveTheResultsBelowThem() throws Exception {
        var page = Files.readString(PAGE);
        var setup = SETUP.matcher(page);
        assertThat(setup.find()).isTrue();
        var examples = EXAMPLE.matcher(page).results().toList();
        assertThat(examples).hasSizeGreaterThan(8);
        try (var database = DialectDatabase.open()) {
            List.of(setup.group(1).split(";")).stream()
                    .filter(statement -> !statement.isBlank())
                    .forEach(database::execute);
            for (var example : examples) {
                var rows = database.rows(Transpiler.toSql(example.group(1))).stream()
                        .map(row -> JsonTexts.text(row.getFirst()))
                        .toList();

                assertThat(rows)
                        .as(example.group(1))
                        .isEqualTo(example.group(2).lines().toList());
            }
        }
    }
}
