/** JSON as plans and schemas use it: {@link io.merklite.schema.json.JsonFields} reads with errors that say what is wrong. */
@NullMarked
package io.merklite.schema.json;

import org.jspecify.annotations.NullMarked;
