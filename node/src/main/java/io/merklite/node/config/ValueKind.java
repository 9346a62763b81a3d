package io.merklite.node.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Of what kind a setting is: of that of its default. */
enum ValueKind {
    BOOLEAN("on or off"),
    NUMBER("a number"),
    DURATION("a duration such as 500 ms, 10 s or 2 m"),
    SIZE("a size such as 512 KiB or 16 MiB"),
    LIST("a list"),
    SECTION("a section with settings below it"),
    TEXT("text");

    private static final Set<String> BOOLEANS = Set.of("true", "false", "on", "off", "yes", "no");
    private static final Pattern DURATION_FORM = Pattern.compile(
            "\\d+(\\.\\d+)? *(ns|us|ms|s|m|h|d|(nano|micro|milli)?seconds?|(nano|micro|milli)s|minutes?|hours?|days?)");
    private static final Pattern SIZE_FORM =
            Pattern.compile("\\d+(\\.\\d+)? *(B|b|bytes?|[kKMGT]i?B?|(kilo|mega|giga|kibi|mebi|gibi)bytes?)");

    private final String allowed;

    ValueKind(String allowed) {
        this.allowed = allowed;
    }

    /** The kind of a setting with this path and default: what is called a size may be a plain number of bytes. */
    static ValueKind of(String path, ConfigValue defaultValue) {
        return switch (defaultValue.valueType()) {
            case BOOLEAN -> BOOLEAN;
            case NUMBER -> path.endsWith("-size") ? SIZE : NUMBER;
            case LIST -> LIST;
            case OBJECT -> SECTION;
            case NULL -> TEXT;
            case STRING -> ofText((String) defaultValue.unwrapped());
        };
    }

    private static ValueKind ofText(String text) {
        if (BOOLEANS.contains(text)) {
            return BOOLEAN;
        }
        if (DURATION_FORM.matcher(text).matches()) {
            return DURATION;
        }
        return SIZE_FORM.matcher(text).matches() ? SIZE : TEXT;
    }

    /** The values that are allowed, as the end of the sentence "must be …". */
    String allowed() {
        return allowed;
    }

    /** Whether {@code value} can be taken for one of this kind. */
    boolean accepts(ConfigValue value) {
        return switch (this) {
            case LIST -> value instanceof ConfigList;
            case SECTION -> value instanceof ConfigObject;
            case TEXT -> isScalar(value);
            case BOOLEAN ->
                isScalar(value)
                        && BOOLEANS.contains(value.unwrapped().toString().toLowerCase(Locale.ROOT));
            case NUMBER -> isScalar(value) && reads(value, Config::getDouble);
            case DURATION -> isScalar(value) && reads(value, Config::getDuration);
            case SIZE -> isScalar(value) && reads(value, Config::getBytes);
        };
    }

    /** The value that {@code text}, from a flag or a variable, stands for: a list's elements are apart by commas. */
    ConfigValue fromText(String text, String origin) {
        if (this != LIST) {
            return ConfigValueFactory.fromAnyRef(text, origin);
        }
        var elements = Pattern.compile(",")
                .splitAsStream(text)
                .map(String::strip)
                .filter(element -> !element.isEmpty())
                .toList();
        return ConfigValueFactory.fromIterable(elements, origin);
    }

    private static boolean isScalar(ConfigValue value) {
        return !(value instanceof ConfigList) && !(value instanceof ConfigObject) && value.unwrapped() != null;
    }

    private static boolean reads(ConfigValue value, Reading reading) {
        try {
            reading.read(value.atKey("value"), "value");
            return true;
        } catch (ConfigException notOfThisKind) {
            return false;
        }
    }

    private interface Reading {
        Object read(Config config, String path);
    }
}
