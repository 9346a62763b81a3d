package io.merklite.node.config;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where values come from; later ones win.
 *
 * @param file in HOCON, JSON or as properties, by its name's ending
 * @param environment variables; those that begin with {@code MERKLITE_} are settings: {@code MERKLITE_HTTP_PORT} is {@code
 *     merklite.http.port}
 * @param flags path to value, as given on the command line
 */
public record ConfigurationSources(Optional<Path> file, Map<String, String> environment, Map<String, String> flags) {
    public ConfigurationSources {
        environment = Map.copyOf(environment);
        flags = Map.copyOf(flags);
    }
}
