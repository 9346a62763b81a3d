package io.merklite.node.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import io.merklite.node.NodeException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * All settings, merged and checked.
 *
 * <p><b>Invariants.</b> (1) Every path under {@code merklite} is one of {@code reference.conf}. (2) Every value is of the
 * kind of its default. (3) Every settings record that was asked for can be built.
 */
public final class Configuration {
    /** What every variable of the environment that is a setting begins with. */
    static final String VARIABLE_PREFIX = "MERKLITE_";

    /** Variables of the command line, which are no settings of a node. */
    static final Set<String> COMMAND_VARIABLES = Set.of("MERKLITE_CONFIG", "MERKLITE_URL", "MERKLITE_TOKEN");

    private static final String ROOT = "merklite";
    private static final Pattern SECRET = Pattern.compile("password|secret|private");

    /** As the class path has it: substitutions see what the file says. */
    private final Config unresolved;

    private final Config reference;
    private final Map<String, ConfigValue> defaults = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();
    private Config given = ConfigFactory.empty();
    private Config merged = ConfigFactory.empty();

    private Configuration(Config unresolved) {
        this.unresolved = unresolved;
        reference = unresolved.resolve();
        collect(ROOT, reference.getValue(ROOT), defaults);
    }

    /**
     * The settings that {@code sources} give.
     *
     * @param records what builds the settings record of each feature from the section {@code merklite}
     * @throws NodeException.InvalidConfiguration if anything is unknown or wrong, with all of it
     */
    public static Configuration load(ConfigurationSources sources, List<Consumer<Config>> records) {
        var configuration = new Configuration(ConfigFactory.defaultReferenceUnresolved());
        configuration.merge(sources, records);
        return configuration;
    }

    /** The section {@code merklite}, defaults included. */
    public Config merklite() {
        return merged.getConfig(ROOT);
    }

    /** What differs from the defaults, settings of Pekko among it, not resolved yet. */
    public Config given() {
        return given;
    }

    /** Every setting with its default, by the name of its variable. */
    static Map<String, String> variables() {
        var configuration = new Configuration(ConfigFactory.defaultReferenceUnresolved());
        Map<String, String> variables = new TreeMap<>();
        for (var path : configuration.defaults.keySet()) {
            var earlier = variables.put(variableOf(path), path);
            if (earlier != null) {
                throw new IllegalStateException(earlier + " and " + path + " have the same variable");
            }
        }
        return variables;
    }

    private void merge(ConfigurationSources sources, List<Consumer<Config>> records) {
        given = flags(sources.flags())
                .withFallback(environment(sources.environment()))
                .withFallback(file(sources));
        merged = resolve(given.withFallback(unresolved));
        var checked = check(ROOT, merged.getValue(ROOT), merged);
        for (var build : records) {
            build(build, checked.getConfig(ROOT));
        }
        if (!problems.isEmpty()) {
            throw new NodeException.InvalidConfiguration(problems);
        }
    }

    private Config flags(Map<String, String> flags) {
        var config = ConfigFactory.empty();
        for (var flag : new TreeMap<>(flags).entrySet()) {
            var origin = "flag " + flag.getKey();
            var defaultValue = Optional.ofNullable(defaults.get(flag.getKey()));
            if (defaultValue.isEmpty() && flag.getKey().startsWith(ROOT + ".")) {
                problems.add(unknown(flag.getKey(), origin));
                continue;
            }
            var kind = defaultValue
                    .map(value -> ValueKind.of(flag.getKey(), value))
                    .orElse(ValueKind.TEXT);
            config = config.withValue(flag.getKey(), kind.fromText(flag.getValue(), origin));
        }
        return config;
    }

    private Config environment(Map<String, String> environment) {
        var paths = variables();
        var config = ConfigFactory.empty();
        for (var variable : new TreeMap<>(environment).entrySet()) {
            var name = variable.getKey();
            if (!name.startsWith(VARIABLE_PREFIX) || COMMAND_VARIABLES.contains(name)) {
                continue;
            }
            var path = paths.get(name);
            if (path == null) {
                problems.add("environment variable " + name + " is no setting"
                        + nearest(name, paths.keySet())
                                .map(known -> ", must be one such as " + known)
                                .orElse(""));
                continue;
            }
            var kind = ValueKind.of(path, defaultOf(path));
            config = config.withValue(path, kind.fromText(variable.getValue(), "environment variable " + name));
        }
        return config;
    }

    private Config file(ConfigurationSources sources) {
        if (sources.file().isEmpty()) {
            return ConfigFactory.empty();
        }
        var file = sources.file().get();
        try {
            return ConfigFactory.parseFile(
                    file.toFile(), ConfigParseOptions.defaults().setAllowMissing(false));
        } catch (ConfigException.IO e) {
            problems.add("configuration file " + file + " cannot be read, must be a readable file");
        } catch (ConfigException.Parse e) {
            problems.add("configuration file " + file + " is malformed, must be HOCON: " + e.getMessage());
        }
        return ConfigFactory.empty();
    }

    private Config resolve(Config config) {
        try {
            return config.resolve();
        } catch (ConfigException.UnresolvedSubstitution e) {
            problems.add("a substitution has no value: " + e.getMessage());
            return reference;
        }
    }

    /** Notes what is unknown or of another kind below {@code path}, and returns {@code config} with defaults there. */
    private Config check(String path, ConfigValue value, Config config) {
        var result = config;
        if (value instanceof ConfigObject section) {
            for (var entry : new TreeMap<>(section).entrySet()) {
                result = checkOne(path + "." + quoted(entry.getKey()), entry.getValue(), result);
            }
        }
        return result;
    }

    private Config checkOne(String path, ConfigValue value, Config config) {
        var known = Optional.ofNullable(defaults.get(path)).or(() -> section(path));
        if (known.isEmpty()) {
            problems.add(unknown(path, value.origin().description()));
            return config;
        }
        var kind = ValueKind.of(path, known.get());
        if (!kind.accepts(value)) {
            problems.add(path + " = " + shown(path, value) + " ("
                    + value.origin().description() + "), must be " + kind.allowed());
            return config.withValue(path, known.get());
        }
        return kind == ValueKind.SECTION && !isFree(path) ? check(path, value, config) : config;
    }

    private Optional<ConfigValue> section(String path) {
        return reference.hasPath(path) ? Optional.of(reference.getValue(path)) : Optional.empty();
    }

    private void build(Consumer<Config> record, Config merklite) {
        try {
            record.accept(merklite);
        } catch (IllegalArgumentException | ArithmeticException e) {
            problems.addAll(String.valueOf(e.getMessage()).lines().toList());
        } catch (ConfigException e) {
            problems.add(String.valueOf(e.getMessage()));
        }
    }

    private String unknown(String path, String origin) {
        return path + " (" + origin + ") is no setting"
                + nearest(path, defaults.keySet())
                        .map(known -> ", must be one such as " + known)
                        .orElse("");
    }

    private ConfigValue defaultOf(String path) {
        var value = defaults.get(path);
        if (value == null) {
            throw new IllegalStateException(path + " has no default");
        }
        return value;
    }

    private static void collect(String path, ConfigValue value, Map<String, ConfigValue> into) {
        if (!(value instanceof ConfigObject section) || section.isEmpty() || isFree(path)) {
            into.put(path, value);
            return;
        }
        section.forEach((key, below) -> collect(path + "." + key, below, into));
    }

    /** Sections of Pekko's own shape, which take more settings than their defaults name. */
    private static boolean isFree(String path) {
        return path.endsWith("dispatcher");
    }

    private static String quoted(String key) {
        var isPlain = key.chars().allMatch(c -> Character.isLetterOrDigit(c) || c == '-' || c == '_');
        return isPlain ? key : ConfigUtil.quoteString(key);
    }

    private static String shown(String path, ConfigValue value) {
        return SECRET.matcher(path).find() ? "(not shown)" : value.render(ConfigRenderOptions.concise());
    }

    private static String variableOf(String path) {
        return path.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
    }

    private static Optional<String> nearest(String name, Set<String> known) {
        return known.stream()
                .min(Comparator.comparingInt((String candidate) -> distance(name, candidate))
                        .thenComparing(Comparator.naturalOrder()));
    }

    /** Levenshtein's distance. */
    private static int distance(String a, String b) {
        var costs = new int[b.length() + 1];
        for (var j = 0; j <= b.length(); j++) {
            costs[j] = j;
        }
        for (var i = 1; i <= a.length(); i++) {
            var diagonal = costs[0];
            costs[0] = i;
            for (var j = 1; j <= b.length(); j++) {
                var substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = costs[j];
                costs[j] = Math.min(substituted, 1 + Math.min(costs[j], costs[j - 1]));
            }
        }
        return costs[b.length()];
    }
}
