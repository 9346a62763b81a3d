/**
 * The formatter of the build: palantir-java-format on the JDK that the toolchain selected.
 *
 * <p>The usual Maven plugin runs the formatter inside Maven's own JVM. The formatter parses with that JVM's compiler, so
 * with Maven on JDK 17 it refuses Java 21 sources. This module runs it as a program on the selected JDK instead.
 */
@NullMarked
package io.merklite.format;

import org.jspecify.annotations.NullMarked;
