package io.merklite.schema.migrate;

import io.merklite.schema.plan.Operation;

/**
 * How far a migration has come.
 *
 * @param operation what is being done
 * @param operationIndex from 0
 * @param operationCount of the whole plan
 * @param statement the statement that begins, or that has copied another chunk of rows
 * @param rowsCopied by the statement so far; 0 where it begins, and where it copies none
 * @param rowCount how many rows it will copy; 0 where it copies none
 */
public record Progress(
        Operation operation,
        int operationIndex,
        int operationCount,
        String statement,
        long rowsCopied,
        long rowCount) {}
