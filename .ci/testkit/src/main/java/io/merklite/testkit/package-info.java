/**
 * What the tests of all modules share; no product code depends on it.
 *
 * <p>{@link io.merklite.testkit.ArchitectureRules} holds the rules that every module obeys, {@link
 * io.merklite.testkit.Vectors} runs golden cases from the shared folder and from a foreign one, {@link
 * io.merklite.testkit.Seeds} gives random tests a seed that is printed and can be replayed.
 */
@NullMarked
package io.merklite.testkit;

import org.jspecify.annotations.NullMarked;
