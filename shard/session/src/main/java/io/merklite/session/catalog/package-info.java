/**
 * What SQLite says about a table, as capture, diff and apply need it.
 *
 * <p>Everything is read from SQLite's own pragma functions, never from the text of a schema.
 */
@NullMarked
package io.merklite.session.catalog;

import org.jspecify.annotations.NullMarked;
