package io.merklite.node.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StatementReaderTest {
    private final StatementReader reader = new StatementReader();

    @Test
    void aStatementEndsAtItsSemicolonOnWhateverLine() {
        assertThat(reader.add("SELECT 1; SELECT")).containsExactly("SELECT 1;");
        assertThat(reader.isInside()).isTrue();
        assertThat(reader.add(" 2;")).hasSize(1).first().asString().contains("SELECT\n 2;");
        assertThat(reader.isInside()).isFalse();
        assertThat(reader.rest()).isEmpty();
    }

    @Test
    void stringsAndCommentsHideSemicolons() {
        assertThat(reader.add("SELECT ';' -- ;")).isEmpty();
        assertThat(reader.add("/* ; */ , 'it''s;';")).hasSize(1);
    }

    @Test
    void aTriggerEndsWithItsEnd() {
        assertThat(reader.add("CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN")).isEmpty();
        assertThat(reader.add("UPDATE a SET b = CASE WHEN 1 THEN 2 END;")).isEmpty();
        assertThat(reader.add("END; SELECT 1;")).hasSize(2);
    }

    @Test
    void whatIsEmptyIsNoStatement() {
        assertThat(reader.add(";; -- nothing")).isEmpty();
        assertThat(reader.isInside()).isFalse();
    }

    @Test
    void theLastStatementNeedsNoSemicolon() {
        reader.add("SELECT 1");

        assertThat(reader.rest()).contains("SELECT 1");
    }
}
