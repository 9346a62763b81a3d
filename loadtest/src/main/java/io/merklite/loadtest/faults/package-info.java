/**
 * Load under faults: clients write and read while nodes are killed, paused and cut off, and in the end everything is
 * accounted for.
 *
 * <p>{@link io.merklite.loadtest.faults.Client} is one client: it goes from node to node as they fail, brings its bookmarks along, and notes
 * all it does in a history. {@link io.merklite.loadtest.faults.Fault} is what may happen to nodes. {@link
 * io.merklite.loadtest.faults.FaultRun} puts both together: a cluster, clients, faults from a seed, and in the end, when all is
 * whole again, the roots and rows of every node's file, and the {@link
 * io.merklite.loadtest.history.HistoryChecker}. {@link io.merklite.loadtest.faults.Soak} does the same for half an hour with a kill a minute, and
 * watches memory and file handles ({@link io.merklite.loadtest.faults.Footprint}).
 *
 * <p>A seed repeats the choices of clients and faults, not the moments at which processes meet them; so a run's folder keeps
 * the history and the files of all nodes, which explain what happened without repeating it.
 */
@NullMarked
package io.merklite.loadtest.faults;

import org.jspecify.annotations.NullMarked;
