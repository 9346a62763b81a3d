/**
 * A cluster on one machine: datacenters of several nodes, each a JVM of its own, on loopback.
 *
 * <p>It is for trying things out, for load tests and for killing nodes: the processes are real, only the distance between
 * datacenters is missing. {@link io.merklite.node.demo.LocalPlan} says which nodes there are and finds free ports; {@link
 * io.merklite.node.demo.JavaCommand} is how a node is started, in little memory; {@link
 * io.merklite.node.demo.LocalCluster} starts the processes, waits for them and stops them, also when another program
 * started them: what runs is noted in the file {@code cluster.json}.
 */
@NullMarked
package io.merklite.node.demo;

import org.jspecify.annotations.NullMarked;
