package io.merklite.node.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.sql.SqlError;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestFailuresTest {
    @ParameterizedTest
    @CsvSource({
        "SQLITE_UNKNOWN, 400",
        "SQLITE_AUTH, 403",
        "SQLITE_CONSTRAINT, 409",
        "OVERLOADED, 429",
        "SQLITE_CORRUPT, 500",
        "SQLITE_NOMEM, 500",
        "sync.store-failure, 500",
        "BUSY, 503",
        "MOVING, 503",
        "TRANSACTION_LOST, 503",
        "TRANSACTION_TIMEOUT, 503",
        "UNAVAILABLE, 503"
    })
    void statusSaysWhoseFaultItIs(String code, int status) {
        assertThat(RestFailures.refusal(new SqlError(code, "text")).status()).isEqualTo(status);
    }
}
