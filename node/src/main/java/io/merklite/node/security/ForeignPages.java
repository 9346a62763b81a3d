package io.merklite.node.security;

import io.merklite.node.hrana.HranaSettings;
import io.merklite.node.http.Endpoints;
import io.merklite.node.http.HttpSettings;
import io.merklite.node.http.Refusal;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * Keeps pages of other origins from a node that asks nobody for a token.
 *
 * <p>Such a node listens to its own machine alone, but a browser on that machine sends it whatever a page of the internet
 * tells it to: a POST that is not read like JSON needs no permission, nor does a WebSocket. And a page whose name was made to
 * mean this machine after it was loaded may even read the answers. So a request is refused that names another origin, unless
 * it is on this machine or among {@code merklite.http.cors-origins}, or another host.
 *
 * <p>As endpoints it stands before all others, and answers only what it refuses. Thread-safe.
 */
public final class ForeignPages implements Endpoints {
    private static final String ALL = "*";

    private final HttpSettings http;
    private final HranaSettings hrana;

    public ForeignPages(HttpSettings http, HranaSettings hrana) {
        this.http = http;
        this.hrana = hrana;
    }

    @Override
    public Optional<CompletionStage<HttpResponse>> answer(HttpRequest request) {
        var host = request.getHeader("host").map(HttpHeader::value).orElse("");
        var origin = request.getHeader("origin").map(HttpHeader::value);
        if (!host.isEmpty() && !isOurs(name(host))) {
            return refused(
                    "HOST_DENIED",
                    "a node without tokens is asked by an address of this machine; set merklite.security.allow-anonymous"
                            + " if a proxy stands before it");
        }
        if (origin.isPresent() && !isAllowed(origin.get(), host)) {
            return refused(
                    "ORIGIN_DENIED",
                    "a node without tokens is not for pages of other origins: name them in merklite.http.cors-origins");
        }
        return Optional.empty();
    }

    private static Optional<CompletionStage<HttpResponse>> refused(String code, String message) {
        return Optional.of(CompletableFuture.completedFuture(new Refusal(403, code, message).toResponse()));
    }

    private boolean isOurs(String host) {
        return isOnThisMachine(host)
                || host.equals(http.host().toLowerCase(Locale.ROOT))
                || hrana.hostSuffix()
                        .filter(suffix -> host.endsWith("." + suffix))
                        .isPresent()
                || hrana.baseUrl()
                        .flatMap(ForeignPages::hostOf)
                        .filter(host::equals)
                        .isPresent();
    }

    private boolean isAllowed(String origin, String host) {
        return http.corsOrigins().contains(ALL)
                || http.corsOrigins().contains(origin)
                || hostOf(origin).filter(ForeignPages::isOnThisMachine).isPresent()
                || origin.equals("http://" + host)
                || origin.equals("https://" + host);
    }

    /** A name that no server of names gives a meaning, or an address: digits can't be a name. */
    private static boolean isOnThisMachine(String host) {
        return host.equals("localhost")
                || host.endsWith(".localhost")
                || host.equals("[::1]")
                || host.matches("127(\\.[0-9]{1,3}){3}");
    }

    private static String name(String host) {
        return host.replaceFirst(":[0-9]*$", "").toLowerCase(Locale.ROOT);
    }

    private static Optional<String> hostOf(String url) {
        try {
            return Optional.ofNullable(URI.create(url).getHost()).map(host -> host.toLowerCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // "null", and whatever else is no URL, has none
        }
    }
}
