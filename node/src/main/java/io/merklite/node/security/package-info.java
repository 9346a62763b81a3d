/**
 * Who may do what with a node, and how connections to it are kept secret.
 *
 * <p>Callers show a bearer token: a JWT signed with Ed25519, with the claims that libSQL's server takes, so that people
 * keep the tools that make theirs. A node has public keys only; whoever has the private key says who may do what, and no
 * node has to be asked or told. Several public keys at once let the private key be changed without a gap. A token cannot
 * be taken back before it expires, other than by removing its key: give it a short life.
 *
 * <p>In reading order: {@link io.merklite.node.security.SecuritySettings} names the keys; {@code PublicKeys} reads them;
 * {@code TokenReader} checks form, signature and times of a token; {@code Grants} is what its claims give; {@link
 * io.merklite.node.security.TokenAccess} decides with them, for all doors of the node. {@link
 * io.merklite.node.security.TokenSigner} is the other side: it makes keys and tokens.
 *
 * <p>{@link io.merklite.node.security.ListenPolicy} refuses to start a node that anyone could reach and write to.
 * {@link io.merklite.node.security.ServerTls} secures the connections of clients and takes new certificates while it
 * runs; connections between nodes are Pekko's own.
 *
 * <p>No token, key or password is logged, or is part of a message.
 */
@NullMarked
package io.merklite.node.security;

import org.jspecify.annotations.NullMarked;
