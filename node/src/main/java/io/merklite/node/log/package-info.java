/**
 * What a node writes to its log, and in which form.
 *
 * <p>A node logs to standard output and leaves files, rotation and shipping to what runs it: systemd, a container, a
 * shell. People read lines of text; machines read JSON, one object a line. {@link io.merklite.node.log.LogSettings} says
 * which, and {@link io.merklite.node.log.LogSetup} arranges it, at the start of the program and before anything logs.
 *
 * <p>Who wants more (files, other appenders) names a Logback file in the system property {@code
 * logback.configurationFile}; then nothing here changes it.
 */
@NullMarked
package io.merklite.node.log;

import org.jspecify.annotations.NullMarked;
