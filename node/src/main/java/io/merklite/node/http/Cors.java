package io.merklite.node.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/**
 * Lets pages of other origins call the node from a browser (the Fetch standard, section 3.2).
 *
 * <p>Credentials of the browser are never allowed: clients send their token themselves.
 */
final class Cors {
    private static final String ALL = "*";

    private final List<String> origins;

    Cors(List<String> origins) {
        this.origins = origins;
    }

    /** The answer to a browser that asks before it sends; none for any other request. */
    Optional<HttpResponse> preflight(HttpRequest request) {
        if (!request.method().equals(HttpMethods.OPTIONS)) {
            return Optional.empty();
        }
        List<HttpHeader> headers = new ArrayList<>();
        headers.add(RawHeader.create("Allow", "GET, POST, PUT, DELETE, OPTIONS"));
        if (allowed(request).isPresent()) {
            headers.add(RawHeader.create("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS"));
            headers.add(RawHeader.create(
                    "Access-Control-Allow-Headers",
                    request.getHeader("access-control-request-headers")
                            .map(HttpHeader::value)
                            .filter(asked -> !asked.isEmpty())
                            .orElse("authorization, content-type")));
            headers.add(RawHeader.create("Access-Control-Max-Age", "7200"));
        }
        return Optional.of(allow(request, HttpResponse.create().withStatus(204).addHeaders(headers)));
    }

    /** The answer with what a browser needs to show it to its page. */
    HttpResponse allow(HttpRequest request, HttpResponse response) {
        if (origins.isEmpty()) {
            return response;
        }
        var vary = origins.contains(ALL) ? response : response.addHeader(RawHeader.create("Vary", "Origin"));
        return allowed(request)
                .map(origin -> vary.addHeader(RawHeader.create("Access-Control-Allow-Origin", origin))
                        .addHeader(RawHeader.create("Access-Control-Expose-Headers", ALL)))
                .orElse(vary);
    }

    private Optional<String> allowed(HttpRequest request) {
        if (origins.isEmpty()) {
            return Optional.empty();
        }
        var origin = request.getHeader("origin").map(HttpHeader::value);
        return origins.contains(ALL) ? origin.map(any -> ALL) : origin.filter(origins::contains);
    }
}
