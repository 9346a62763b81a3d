package io.merklite.node.config;

import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with the values of one settings record, so that all of it is told and not only the first. */
public final class SettingsCheck {
    private final String section;
    private final List<String> problems = new ArrayList<>();

    /**
     * @param section path that the keys are below, such as {@code merklite.http}
     */
    public SettingsCheck(String section) {
        this.section = section;
    }

    /**
     * Notes a problem unless {@code isGood}.
     *
     * @param key below the section
     * @param found the value; secrets are not given
     * @param allowed which values there may be, as the end of the sentence "must be …"
     */
    public SettingsCheck require(boolean isGood, String key, Object found, String allowed) {
        if (!isGood) {
            problems.add(section + "." + key + " = " + found + ", must be " + allowed);
        }
        return this;
    }

    /**
     * Ends the check.
     *
     * @throws IllegalArgumentException if there are problems, one on each line of its message
     */
    public void end() {
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }
}
