/**
 * The client's side of Hrana 3 over HTTP: requests and answers as JSON, and streams with their batons.
 *
 * <p>A pipeline is a list of {@link io.merklite.client.hrana.StreamRequest}s that run on one connection of the node; each
 * has its {@link io.merklite.client.hrana.StreamAnswer}, also when one before it failed. A pipeline that ends with a close
 * is complete in itself. Otherwise its answer has a baton, good for one more request to the same node: {@link
 * io.merklite.client.hrana.SqlStream} holds it, and knows what a failure means for the transaction that was open.
 *
 * <p>Large results come through a cursor, entry by entry, so that neither side ever has all of it: {@link
 * io.merklite.client.hrana.CursorReader} for a thread that may block, {@link io.merklite.client.hrana.RowPublisher} for one
 * that may not. {@link io.merklite.client.hrana.RequestJson} and {@link io.merklite.client.hrana.AnswerJson} have all of
 * the format.
 */
@NullMarked
package io.merklite.client.hrana;

import org.jspecify.annotations.NullMarked;
