/**
 * The command line: one program, {@code merklite}, that is a node, starts a local cluster, and talks to nodes.
 *
 * <p>Every command but {@code node}, {@code demo}, {@code token} and {@code certificates} is a client of a node's HTTP
 * interface, so that it works from anywhere and shows what any client would see: SQL over Hrana, the rest over {@code
 * /v1}. With {@code --json} a command prints one JSON document and nothing else, for scripts; errors go to standard error
 * always, with code and remedy.
 *
 * <p>In reading order: {@link io.merklite.node.command.MerkliteCommand} has the commands and maps failures to {@code
 * ExitCode}s; {@code NodeOptions} are the options of all clients; {@code NodeClient} and {@code SqlSession} speak to the node;
 * {@code TextTable} prints; and one class for each command.
 */
@NullMarked
package io.merklite.node.command;

import org.jspecify.annotations.NullMarked;
