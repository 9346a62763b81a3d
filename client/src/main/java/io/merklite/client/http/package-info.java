/**
 * Which node is asked, what is asked again and when, and what a request says beside its body.
 *
 * <p>A request fails in three ways, and each allows something else. It was never sent, or the node said that it did not
 * take it: anybody else may be asked. It was sent and nothing came back: only what does no harm twice may be sent again,
 * which is a read, or a write with a key at a node that knows keys, in the same datacenter. It was answered with a no:
 * that is the answer. {@link io.merklite.client.http.Safety} names what a request allows, {@link
 * io.merklite.client.http.NodeHttp} decides.
 *
 * <p>{@link io.merklite.client.http.Endpoints} knows how far each endpoint is and which are down. {@link
 * io.merklite.client.http.Bookmarks} holds what reads must see at least.
 */
@NullMarked
package io.merklite.client.http;

import org.jspecify.annotations.NullMarked;
