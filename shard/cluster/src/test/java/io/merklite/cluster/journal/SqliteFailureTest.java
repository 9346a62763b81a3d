package io.merklite.cluster.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

class SqliteFailureTest {
    private static final Path FILE = Path.of("journal.sqlite");

    @ParameterizedTest
    @CsvSource({
        "SQLITE_FULL, journal.full, false",
        "SQLITE_CORRUPT, journal.damaged, true",
        "SQLITE_CORRUPT_INDEX, journal.damaged, true",
        "SQLITE_NOTADB, journal.damaged, true",
        "SQLITE_IOERR_SHORT_READ, journal.damaged, true",
        "SQLITE_IOERR_FSYNC, journal.failure, true",
        "SQLITE_IOERR_DIR_FSYNC, journal.failure, true",
        "SQLITE_IOERR_WRITE, journal.failure, false",
        "SQLITE_IOERR_SHMSIZE, journal.failure, false",
        "SQLITE_BUSY, journal.failure, false",
        "SQLITE_READONLY, journal.failure, false"
    })
    void resultCodeSaysWhatHappenedAndWhetherWritingEnds(SQLiteErrorCode code, String expected, boolean isFinal) {
        var cause = new SQLiteException("words that nobody decides by", code);

        var failure = SqliteFailure.of(FILE, "committing", cause);

        assertThat(failure.error().code()).isEqualTo(expected);
        assertThat(failure.isFinal()).isEqualTo(isFinal);
        assertThat(failure.error()).hasCause(cause);
    }

    @Test
    void failureOfTheDriverIsNotFinal() {
        var failure = SqliteFailure.of(FILE, "committing", new SQLException("closed"));

        assertThat(failure.error().code()).isEqualTo("journal.failure");
        assertThat(failure.isFinal()).isFalse();
    }
}
