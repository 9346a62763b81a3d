/**
 * Where settings come from, and how all that is wrong with them is told at once.
 *
 * <p>A node that starts with a misspelt setting runs with its default, and nobody notices until it matters. So nothing
 * under {@code merklite} is taken that {@code reference.conf} does not know, and every value has to be of the kind that its
 * default is of.
 *
 * <p>{@link io.merklite.node.config.ConfigurationSources} says where values may come from: flags win over the
 * environment, that over the file, that over the defaults. {@link io.merklite.node.config.Configuration} merges and checks
 * them: first the kinds ({@code ValueKind}), then, through the settings records of the features, the ranges. It lists
 * every problem with path, value found and values allowed, and starts nothing if there is one. {@link
 * io.merklite.node.config.SettingsCheck} is what the records of this module list their problems with.
 *
 * <p>Below the records nobody sees a {@code Config}.
 */
@NullMarked
package io.merklite.node.config;

import org.jspecify.annotations.NullMarked;
