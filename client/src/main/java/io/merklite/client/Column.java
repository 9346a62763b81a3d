package io.merklite.client;

import java.util.Optional;

/**
 * A column of a result.
 *
 * @param name as SQLite gives it; names may repeat
 * @param declaredType as in its table; none for an expression
 */
public record Column(String name, Optional<String> declaredType) {}
