package io.merklite.node.http;

import java.util.Optional;

/**
 * A path, taken apart: which database it names, and what it asks of it.
 *
 * <p>Clients resolve {@code v2/pipeline} against their base URL as browsers do, so a base URL without its last slash loses
 * the name of the database: {@code /db/NAME} becomes {@code /db/v2/pipeline}. Names that are versions are therefore not
 * allowed, and such a path is recognised, lest a statement ends up in another database.
 *
 * @param database that the path names, if it names one
 * @param rest of the path in the database, without slashes in front
 * @param isForgottenSlash whether this is the path of a base URL that lacks its last slash
 */
public record DatabasePath(Optional<String> database, String rest, boolean isForgottenSlash) {
    private static final String PREFIX = "/db/";
    private static final String DEVELOPMENT_PREFIX = "/dev/";
    private static final int MAX_NAME_LENGTH = 63;

    /** Takes apart the path of a request, percent-encoded as it came; names have nothing to encode. */
    public static DatabasePath of(String path) {
        if (path.startsWith(PREFIX) || path.startsWith(DEVELOPMENT_PREFIX)) {
            var begin = skipSlashes(path, PREFIX.length());
            var slash = path.indexOf('/', begin);
            var end = slash < 0 ? path.length() : slash;
            var name = path.substring(begin, end);
            if (isVersion(name)) {
                return new DatabasePath(Optional.empty(), "", true);
            }
            return new DatabasePath(Optional.of(name), path.substring(skipSlashes(path, end)), false);
        }
        if (path.equals("/db") || path.equals("/dev")) {
            return new DatabasePath(Optional.empty(), "", true);
        }
        return new DatabasePath(Optional.empty(), path.substring(skipSlashes(path, 0)), false);
    }

    /** Whether {@code name} can be that of a database. */
    public static boolean isName(String name) {
        if (name.isEmpty() || name.length() > MAX_NAME_LENGTH || isVersion(name)) {
            return false;
        }
        for (var i = 0; i < name.length(); i++) {
            var c = name.charAt(i);
            var isGood =
                    (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (i > 0 && (c == '.' || c == '_' || c == '-'));
            if (!isGood) {
                return false;
            }
        }
        return true;
    }

    private static boolean isVersion(String name) {
        return switch (name) {
            case "v1", "v2", "v3", "v3-protobuf" -> true;
            default -> false;
        };
    }

    private static int skipSlashes(String path, int from) {
        var index = from;
        while (index < path.length() && path.charAt(index) == '/') {
            index++;
        }
        return index;
    }
}
