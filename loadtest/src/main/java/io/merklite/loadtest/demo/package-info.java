/** What the README shows, as a program. */
@NullMarked
package io.merklite.loadtest.demo;

import org.jspecify.annotations.NullMarked;
