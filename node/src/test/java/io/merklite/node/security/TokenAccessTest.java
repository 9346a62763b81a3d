package io.merklite.node.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.merklite.node.http.Access;
import io.merklite.node.http.Access.Decision;
import io.merklite.node.http.Access.Right;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenAccessTest {
    private static final TokenSigner.Keys KEYS = TokenSigner.newKeys();
    private static final TokenSigner.Keys OTHER_KEYS = TokenSigner.newKeys();
    private static final Instant START = Instant.parse("2026-11-21T12:00:00Z");

    private Instant now = START;
    private final Access access = accessOf(KEYS.publicShort());

    @Test
    void withoutKeysNobodyNeedsAToken() {
        var open = TokenAccess.of(settings(List.of()), () -> now);

        assertThat(open.authorize(Optional.empty(), "orders", Right.ADMIN)).isInstanceOf(Decision.Allowed.class);
    }

    @Test
    void aMissingOrEmptyTokenIsRefused() {
        assertThat(code(Optional.empty())).isEqualTo("AUTH_HEADER_NOT_FOUND");
        assertThat(code(Optional.of(" "))).isEqualTo("AUTH_HEADER_NOT_FOUND");
    }

    @Test
    void aTokenForEverythingGivesItsRightOnEveryDatabaseAndTheNode() {
        var token = TokenSigner.of(KEYS.privatePem()).sign(Right.ADMIN, START, Optional.empty());

        assertThat(access.authorize(Optional.of(token), "orders", Right.ADMIN))
                .isEqualTo(new Decision.Allowed(Right.ADMIN, Optional.empty()));
        assertThat(access.authorize(Optional.of(token), "*", Right.ADMIN)).isInstanceOf(Decision.Allowed.class);
        assertThat(access.onlyDatabase(Optional.of(token))).isEmpty();
    }

    @Test
    void rightsAreByDatabase() {
        var token = TokenSigner.of(KEYS.privatePem())
                .sign(Map.of("orders", Right.WRITE, "stock", Right.READ), START, Optional.empty());

        assertThat(isAllowed(token, "orders", Right.WRITE)).isTrue();
        assertThat(isAllowed(token, "orders", Right.ADMIN)).isFalse();
        assertThat(isAllowed(token, "stock", Right.READ)).isTrue();
        assertThat(isAllowed(token, "stock", Right.WRITE)).isFalse();
        assertThat(isAllowed(token, "people", Right.READ)).isFalse();
        assertThat(isAllowed(token, "*", Right.READ)).isFalse();
    }

    @Test
    void claimsOfLibSqlsServerMeanWhatTheyMeanThere() {
        assertThat(isAllowed(signed("{}"), "orders", Right.WRITE)).isTrue();
        assertThat(isAllowed(signed("{}"), "orders", Right.ADMIN)).isFalse();
        assertThat(isAllowed(signed("{'a':'ro'}"), "orders", Right.READ)).isTrue();
        assertThat(isAllowed(signed("{'a':'ro'}"), "orders", Right.WRITE)).isFalse();
        assertThat(isAllowed(signed("{'a':'rw','id':'orders'}"), "orders", Right.WRITE))
                .isTrue();
        assertThat(isAllowed(signed("{'a':'rw','id':'orders'}"), "stock", Right.READ))
                .isFalse();
        assertThat(isAllowed(signed("{'id':'orders'}"), "orders", Right.WRITE)).isTrue();
    }

    @Test
    void scopesCountInPlaceOfTheOlderClaims() {
        var token = signed("{'id':'people','a':'ro','p':{'rw':{'ns':['orders']},'roa':{'ns':['stock','orders']}}}");

        assertThat(isAllowed(token, "orders", Right.WRITE)).isTrue();
        assertThat(isAllowed(token, "stock", Right.READ)).isTrue();
        assertThat(isAllowed(token, "stock", Right.WRITE)).isFalse();
        assertThat(isAllowed(token, "people", Right.READ)).isFalse();
    }

    @Test
    void aTokenForOneDatabaseNamesIt() {
        assertThat(access.onlyDatabase(Optional.of(signed("{'id':'orders'}")))).contains("orders");
        assertThat(access.onlyDatabase(Optional.of(signed("{'p':{'ro':{'ns':['orders']}}}"))))
                .contains("orders");
        assertThat(access.onlyDatabase(Optional.of(signed("{'p':{'ro':{'ns':['orders','stock']}}}"))))
                .isEmpty();
        assertThat(access.onlyDatabase(Optional.of("nonsense"))).isEmpty();
        assertThat(access.onlyDatabase(Optional.empty())).isEmpty();
    }

    @Test
    void aTokenEndsAfterItsTimeAndTheSkewOfTheClock() {
        var token = TokenSigner.of(KEYS.privatePem()).sign(Right.READ, START, Optional.of(START.plusSeconds(60)));

        assertThat(access.authorize(Optional.of(token), "orders", Right.READ))
                .isEqualTo(new Decision.Allowed(Right.READ, Optional.of(START.plusSeconds(90))));

        now = START.plusSeconds(89);
        assertThat(isAllowed(token, "orders", Right.READ)).isTrue();

        now = START.plusSeconds(90);
        assertThat(code(Optional.of(token))).isEqualTo("AUTH_JWT_EXPIRED");
    }

    @Test
    void aTokenBeginsAtItsTimeLessTheSkewOfTheClock() {
        var token = signed("{'nbf':" + START.plusSeconds(60).getEpochSecond() + "}");

        assertThat(code(Optional.of(token))).isEqualTo("AUTH_JWT_IMMATURE");

        now = START.plusSeconds(30);
        assertThat(isAllowed(token, "orders", Right.READ)).isTrue();
    }

    @Test
    void keysChangeWithoutAGap() {
        var token = TokenSigner.of(KEYS.privatePem()).sign(Right.READ, START, Optional.empty());
        var newer = TokenSigner.of(OTHER_KEYS.privatePem()).sign(Right.READ, START, Optional.empty());

        var both = accessOf(OTHER_KEYS.publicPem(), KEYS.publicShort());
        var newOnly = accessOf(OTHER_KEYS.publicPem());

        assertThat(both.authorize(Optional.of(token), "a", Right.READ)).isInstanceOf(Decision.Allowed.class);
        assertThat(both.authorize(Optional.of(newer), "a", Right.READ)).isInstanceOf(Decision.Allowed.class);
        assertThat(newOnly.authorize(Optional.of(newer), "a", Right.READ)).isInstanceOf(Decision.Allowed.class);
        assertThat(newOnly.authorize(Optional.of(token), "a", Right.READ)).isInstanceOf(Decision.Unauthenticated.class);
    }

    @Test
    void oneFileHoldsSeveralKeys(@TempDir Path directory) throws IOException {
        var file = Files.writeString(directory.resolve("keys.pem"), OTHER_KEYS.publicPem() + KEYS.publicPem());
        var settings = new SecuritySettings(List.of(), List.of(file), Duration.ofSeconds(30), false);

        var fromFile = TokenAccess.of(settings, () -> now);

        assertThat(fromFile.authorize(Optional.of(signed("{}")), "a", Right.READ))
                .isInstanceOf(Decision.Allowed.class);
    }

    @Test
    void whatIsChangedAfterSigningIsRefused() {
        var token = signed("{'a':'ro'}");
        var parts = token.split("\\.");
        var forged = parts[0] + "." + base64url("{\"a\":\"rw\"}") + "." + parts[2];

        assertThat(code(Optional.of(forged))).isEqualTo("AUTH_JWT_INVALID");
    }

    @Test
    void otherAlgorithmsAreRefusedWhateverTheirSignature() {
        for (var header : List.of("{'alg':'none'}", "{'alg':'HS256'}", "{}", "{'alg':'EdDSA','crit':['b64']}")) {
            assertThat(code(Optional.of(signed(header, "{}")))).as(header).isEqualTo("AUTH_JWT_INVALID");
        }
    }

    @Test
    void malformedTokensAreRefusedAndNotQuoted() {
        for (var token : List.of(
                "abc",
                "a.b",
                "a.b.c",
                "a.b.c.d",
                "...",
                "é.é.é",
                signed("[]"),
                signed("{'a':'everything'}"),
                signed("{'a':7}"),
                signed("{'exp':'soon'}"),
                signed("{'exp':1e300}"),
                signed("{'exp':-1}"),
                signed("{'p':{'rw':{'ns':[7]}}}"),
                signed("not json"),
                signed("{}") + "A",
                "x".repeat(TokenReader.MAX_SIZE_CHARS + 1))) {
            var decision = access.authorize(Optional.of(token), "orders", Right.READ);

            assertThat(decision)
                    .as(token)
                    .isInstanceOfSatisfying(
                            Decision.Unauthenticated.class,
                            refused -> assertThat(refused)
                                    .satisfies(it -> assertThat(it.code()).isEqualTo("AUTH_JWT_INVALID"))
                                    .satisfies(it -> assertThat(it.message()).doesNotContain(token)));
        }
    }

    @Test
    void aRememberedTokenIsTheSameAsANewOne() {
        var token = signed("{'a':'ro'}");

        for (var round = 0; round < 3; round++) {
            assertThat(isAllowed(token, "orders", Right.READ)).isTrue();
            assertThat(isAllowed(token, "orders", Right.WRITE)).isFalse();
        }
    }

    @Test
    void whatIsNoKeyIsRefusedWithTheSettingThatNamesIt() {
        assertThatThrownBy(() -> accessOf("c2hvcnQ"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("merklite.security.public-keys")
                .hasMessageContaining("must be an Ed25519 public key");
    }

    @Test
    void keysDoNotShowThemselves() {
        assertThat(KEYS.toString()).contains(KEYS.publicShort()).doesNotContain("PRIVATE");
    }

    private boolean isAllowed(String token, String database, Right right) {
        return access.authorize(Optional.of(token), database, right) instanceof Decision.Allowed;
    }

    private String code(Optional<String> token) {
        return access.authorize(token, "orders", Right.READ) instanceof Decision.Unauthenticated refused
                ? refused.code()
                : "none";
    }

    private Access accessOf(String... publicKeys) {
        return TokenAccess.of(settings(List.of(publicKeys)), () -> now);
    }

    private static SecuritySettings settings(List<String> publicKeys) {
        return new SecuritySettings(publicKeys, List.of(), Duration.ofSeconds(30), false);
    }

    /** A token by other code than ours, with apostrophes for quotation marks. */
    private static String signed(String claims) {
        return signed("{'alg':'EdDSA','typ':'JWT'}", claims);
    }

    private static String signed(String header, String claims) {
        try {
            var pem = KEYS.privatePem().replaceAll("-----[A-Z ]+-----|\\s", "");
            var key = KeyFactory.getInstance("EdDSA")
                    .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
            var text = base64url(header.replace('\'', '"')) + "." + base64url(claims.replace('\'', '"'));
            var signature = Signature.getInstance("EdDSA");
            signature.initSign(key);
            signature.update(text.getBytes(StandardCharsets.US_ASCII));
            return text + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static String base64url(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aSignedTokenHasTheClaimsThatOthersRead() {
        var token = TokenSigner.of(KEYS.privatePem())
                .sign(Map.of("orders", Right.WRITE), START, Optional.of(START.plusSeconds(60)));

        JsonObject claims = JsonParser.parseString(
                        new String(Base64.getUrlDecoder().decode(token.split("\\.")[1]), StandardCharsets.UTF_8))
                .getAsJsonObject();

        assertThat(claims)
                .isEqualTo(JsonParser.parseString("{\"iat\":" + START.getEpochSecond() + ",\"exp\":"
                        + START.plusSeconds(60).getEpochSecond() + ",\"p\":{\"rw\":{\"ns\":[\"orders\"]}}}"));
    }
}
