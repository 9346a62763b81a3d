/**
 * The Java client of a Merklite node.
 *
 * <p>A program that talks to one node of several wants more than HTTP: the nearest node that answers, its own writes
 * visible wherever it reads next, and a write that is repeated after a lost answer applied once. {@link
 * io.merklite.client.MerkliteClient} does that for SQL, transactions, streamed results, and feeds.
 *
 * <p>In reading order:
 *
 * <ul>
 *   <li>this package: what a program uses; {@link io.merklite.client.ClientException} is all that can fail.
 *   <li>{@link io.merklite.client.http}: which node is asked, what is repeated and when, bookmarks.
 *   <li>{@link io.merklite.client.hrana}: the protocol's bytes, and streams with their batons.
 *   <li>{@link io.merklite.client.feed}: server-sent events: changes, and results that are followed.
 *   <li>{@link io.merklite.client.jdbc}: the driver of {@code jdbc:merklite:}.
 *   <li>{@link io.merklite.client.replica}: a local file that is read and written offline and syncs with a node.
 * </ul>
 *
 * <p>Nothing blocks except where it says so, and no thread is started except by the embedded replica, for its file. What a
 * node must do for the client is written down in {@code docs/client.md}.
 */
@NullMarked
package io.merklite.client;

import org.jspecify.annotations.NullMarked;
