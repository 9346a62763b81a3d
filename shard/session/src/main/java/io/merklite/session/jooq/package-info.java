/**
 * Sessions and changes by jOOQ's generated tables and fields, for those who have them.
 *
 * <p>jOOQ is an optional dependency: nothing outside this package touches it.
 */
@NullMarked
package io.merklite.session.jooq;

import org.jspecify.annotations.NullMarked;
