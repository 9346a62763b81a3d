package io.merklite.cluster.sql;

/**
 * Names one execution of one request, so that it is applied once, however often it comes.
 *
 * @param text which; the client's, such as a UUID
 * @param digest of the request: another request under the same key is refused
 */
public record RequestKey(String text, String digest) {}
