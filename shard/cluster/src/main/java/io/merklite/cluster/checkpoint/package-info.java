/**
 * Write-ahead logs of SQLite files, copied into the files beside their writers.
 *
 * <p>SQLite copies in the COMMIT that makes the log longer than a limit, which then takes a hundred times as long as
 * others. So connections that write switch that off, and a {@link io.merklite.cluster.checkpoint.Checkpointer} copies on
 * another thread while they go on. It never gets to the end of a log that grows, and only when all is copied SQLite begins
 * the log anew: so the writer copies the little that is left, between two commits.
 *
 * <p>{@link io.merklite.cluster.checkpoint.LogFrames} is what SQLite says of a log. The journal and the databases have a
 * checkpointer each, and their own rules of when it is asked.
 *
 * <p><b>Guaranteed.</b> What is copied is on disk before SQLite may begin the log anew: that is SQLite's own checkpoint.
 */
@NullMarked
package io.merklite.cluster.checkpoint;

import org.jspecify.annotations.NullMarked;
