/** The runnable node: configuration, HTTP, security, metrics, command line. */
@NullMarked
package io.merklite.node;

import org.jspecify.annotations.NullMarked;
