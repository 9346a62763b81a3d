package io.merklite.client.http;

import io.merklite.client.ClientException.OutcomeUnknown;
import io.merklite.client.ClientException.Refused;
import io.merklite.client.ClientException.Unreachable;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse.BodyHandler;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One request, and all attempts to get it answered.
 *
 * <p><b>Invariants.</b> (1) A request that may have been applied is sent again only if it changes nothing, or carries a key
 * to an endpoint of the same datacenter that knows keys. (2) Once it may have been applied, its failure is {@link
 * OutcomeUnknown}, unless a node that knows keys has looked for it in vain. (3) There is one attempt at a time.
 *
 * <p><b>Threading.</b> Steps follow each other; each happens before the next.
 */
final class Exchange<T> {
    private final NodeHttp http;
    private final NodeRequest request;
    private final BodyHandler<T> handler;
    private final Optional<String> key;
    private final Instant until;
    private final CompletableFuture<NodeReply<T>> result = new CompletableFuture<>();
    private final Set<KnownEndpoint> tried = new HashSet<>();
    private volatile Optional<CompletableFuture<?>> current = Optional.empty();
    private Optional<KnownEndpoint> appliedPerhapsAt = Optional.empty();
    private int attemptCount;

    /** What a failed attempt leaves open. */
    private enum Failure {
        /** The node never had it. */
        NOT_SENT,
        /** The node had it, and did not take it for now. */
        NOT_TAKEN,
        /** The node may have applied it. */
        UNKNOWN
    }

    Exchange(NodeHttp http, NodeRequest request, BodyHandler<T> handler) {
        this.http = http;
        this.request = request;
        this.handler = handler;
        this.key = request.safety() == Safety.KEYED ? Optional.of(http.newKey()) : Optional.empty();
        this.until = http.now().plus(http.settings().retryFor());
    }

    CompletableFuture<NodeReply<T>> begin() {
        var unused = result.whenComplete((reply, failure) -> {
            if (result.isCancelled()) {
                current.ifPresent(running -> running.cancel(true));
            }
        });
        attempt(request.pinned().or(() -> http.next(tried, Optional.empty())).orElseThrow());
        return result;
    }

    private void attempt(KnownEndpoint endpoint) {
        if (result.isDone()) {
            return;
        }
        attemptCount++;
        tried.add(endpoint);
        var after = http.bookmarks().current();
        CompletableFuture<NodeHttp.Received<T>> sent;
        try {
            sent = http.attempt(request, endpoint, key, after, handler);
        } catch (RuntimeException e) {
            result.completeExceptionally(e);
            return;
        }
        current = Optional.of(sent);
        if (result.isCancelled()) {
            sent.cancel(true);
        }
        if (request.isStreamed()) {
            limitSilence(sent);
        }
        var unused = sent.whenComplete((response, failure) -> {
            if (failure != null) {
                failed(endpoint, Failures.cause(failure));
            } else {
                switch (response.answer()) {
                    case NodeHttp.Answer.Given<T> given ->
                        result.complete(http.accepted(endpoint, response.headers(), after, given.body()));
                    case NodeHttp.Answer.NotGiven<T> refused -> refused(endpoint, response.headers(), refused.why());
                }
            }
        });
    }

    /** The time limit of the JDK's client may come to include the body, which has none here. */
    private void limitSilence(CompletableFuture<?> sent) {
        var alarm = Alarm.after(http.settings().requestTimeout(), () -> sent.cancel(true));
        var unused = sent.whenComplete((answer, failure) -> alarm.callOff());
    }

    private void failed(KnownEndpoint endpoint, Throwable cause) {
        if (result.isDone()) {
            return; // whoever gave the request up says nothing of the node
        }
        var isNotSent = cause instanceof ConnectException
                || cause instanceof HttpConnectTimeoutException
                || cause instanceof UnresolvedAddressException;
        endpoint.failed(http.now());
        decide(endpoint, isNotSent ? Failure.NOT_SENT : Failure.UNKNOWN, cause, Duration.ZERO);
    }

    private void refused(KnownEndpoint endpoint, HttpHeaders headers, Refused why) {
        http.seen(endpoint, headers);
        var code = why.nodeCode().orElse("");
        switch (why.status()) {
            case 429 -> decide(endpoint, Failure.NOT_TAKEN, why, retryAfter(headers));
            case 503 ->
                decide(
                        endpoint,
                        code.equals("OUTCOME_UNKNOWN") ? Failure.UNKNOWN : Failure.NOT_TAKEN,
                        why,
                        retryAfter(headers));
            case 500, 502, 504 -> {
                if (why.status() == 500 && request.safety() == Safety.REPEATABLE) {
                    result.completeExceptionally(why);
                } else {
                    decide(endpoint, Failure.UNKNOWN, why, Duration.ZERO);
                }
            }
            default -> {
                if (appliedPerhapsAt.isEmpty() || isLookedUp(why.status())) {
                    result.completeExceptionally(why);
                } else {
                    giveUp(why);
                }
            }
        }
    }

    /** Whether a node says so only after it has looked for what was applied under the key: not a token, or a name. */
    private static boolean isLookedUp(int status) {
        return status == 400 || status == 422;
    }

    private static Duration retryAfter(HttpHeaders headers) {
        return headers.firstValue("retry-after")
                .filter(text -> text.length() <= 4 && text.chars().allMatch(Character::isDigit))
                .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)))
                .orElse(Duration.ZERO);
    }

    private void decide(KnownEndpoint endpoint, Failure failure, Throwable cause, Duration atLeast) {
        if (result.isDone()) {
            return;
        }
        if (failure == Failure.UNKNOWN && request.safety() != Safety.REPEATABLE && appliedPerhapsAt.isEmpty()) {
            appliedPerhapsAt = Optional.of(endpoint);
        }
        var mayRepeat = appliedPerhapsAt.isEmpty()
                || (request.safety() == Safety.KEYED && appliedPerhapsAt.get().knowsKeys());
        if (!mayRepeat || !http.now().isBefore(until)) {
            giveUp(cause);
            return;
        }
        var other = request.pinned().isPresent() ? Optional.<KnownEndpoint>empty() : http.next(tried, appliedPerhapsAt);
        if (other.isPresent() && atLeast.isZero()) {
            attempt(other.get());
            return;
        }
        tried.clear();
        var again =
                request.pinned().or(() -> http.next(tried, appliedPerhapsAt)).orElse(endpoint);
        var pause = http.pause(attemptCount);
        if (atLeast.compareTo(pause) > 0) {
            pause = atLeast;
        }
        if (http.now().plus(pause).isAfter(until)) {
            giveUp(cause);
            return;
        }
        var unused = Alarm.after(pause, () -> attempt(again));
    }

    private void giveUp(@Nullable Throwable cause) {
        var last = cause == null ? new TimeoutException("no answer") : cause;
        var what = request.method() + " " + request.path() + " after " + attemptCount
                + (attemptCount == 1 ? " attempt" : " attempts") + ": " + last.getMessage();
        result.completeExceptionally(
                appliedPerhapsAt.isPresent() ? new OutcomeUnknown(what, last) : new Unreachable(what, last));
    }
}
