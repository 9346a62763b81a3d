/**
 * What a node tells those who watch it: whether it lives, whether it can serve, and its figures.
 *
 * <p>Watchers are machines. An orchestrator restarts what does not live and sends no traffic to what is not ready, so the
 * two must not be mixed up: a node that waits for its cluster is alive, and restarting it would only make it wait again.
 * {@link io.merklite.node.health.Health} keeps the two apart; parts of the node enter what they know.
 *
 * <p>{@link io.merklite.node.health.MetricsPage} renders the figures of the node and of its JVM as Prometheus reads them.
 * {@link io.merklite.node.health.ProbeEndpoints} puts both on the node's port, without a token: none of it names a
 * database or shows a row.
 */
@NullMarked
package io.merklite.node.health;

import org.jspecify.annotations.NullMarked;
