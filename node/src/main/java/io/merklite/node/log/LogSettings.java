package io.merklite.node.log;

import com.typesafe.config.Config;
import io.merklite.node.config.SettingsCheck;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * How a node logs: {@code merklite.log}.
 *
 * @param format of a line
 * @param level of what has no level of its own
 * @param levels by the name of a logger, which is a package or class
 */
public record LogSettings(Format format, String level, Map<String, String> levels) {
    private static final Set<String> LEVELS = Set.of("OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE");
    private static final String LEVELS_ALLOWED = "OFF, ERROR, WARN, INFO, DEBUG or TRACE";

    /** The form of a line. */
    public enum Format {
        /** For people. */
        TEXT,
        /** One JSON object a line. */
        JSON
    }

    public LogSettings {
        levels = Map.copyOf(levels);
        var check = new SettingsCheck("merklite.log").require(LEVELS.contains(level), "level", level, LEVELS_ALLOWED);
        levels.forEach((logger, value) -> check.require(
                LEVELS.contains(value),
                "levels",
                logger + "=" + value,
                "LOGGER=LEVEL, the level one of " + LEVELS_ALLOWED));
        check.end();
    }

    /** Reads the section {@code merklite}. */
    public static LogSettings from(Config merklite) {
        var log = merklite.getConfig("log");
        var format = log.getString("format");
        new SettingsCheck("merklite.log")
                .require(Set.of("text", "json").contains(format), "format", format, "text or json")
                .end();
        return new LogSettings(
                Format.valueOf(format.toUpperCase(Locale.ROOT)),
                log.getString("level").toUpperCase(Locale.ROOT),
                levels(log.getStringList("levels")));
    }

    private static Map<String, String> levels(List<String> entries) {
        Map<String, String> levels = new TreeMap<>();
        for (var entry : entries) {
            var equals = entry.lastIndexOf('=');
            var logger = equals < 0 ? entry : entry.substring(0, equals);
            levels.put(logger.strip(), entry.substring(equals + 1).strip().toUpperCase(Locale.ROOT));
        }
        return levels;
    }
}
