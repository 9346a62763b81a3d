/**
 * How nodes find each other, and prove that they belong together.
 *
 * <p>Pekko has settings for that in five places. An operator wants to say: this is my datacenter, this is my address, these
 * are the others, these are my certificates. {@link io.merklite.node.membership.MembershipSettings} is what is said, and
 * turns into Pekko's settings; {@link io.merklite.node.membership.NodeTlsSettings} is the part about certificates.
 */
@NullMarked
package io.merklite.node.membership;

import org.jspecify.annotations.NullMarked;
