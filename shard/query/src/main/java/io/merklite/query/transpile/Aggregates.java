package io.merklite.query.transpile;

import io.merklite.query.transpile.Part.ArrayLiteral;
import io.merklite.query.transpile.Query.Select;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Which functions are aggregates, as an aggregate of aggregates is no SQL. */
final class Aggregates {
    private static final Set<String> NAMES = Set.of(
            "avg",
            "count",
            "group_concat",
            "json_group_array",
            "json_group_object",
            "jsonb_agg",
            "jsonb_group_array",
            "jsonb_group_object",
            "jsonb_object_agg",
            "jsonml_agg",
            "jsx_agg",
            "median",
            "percentile",
            "percentile_cont",
            "percentile_disc",
            "sqldeep_json_group_array",
            "string_agg",
            "sum",
            "total",
            "xml_agg");

    private Aggregates() {}

    /** Whether an element of {@code array} calls an aggregate function itself, not in a literal or subquery. */
    static boolean areIn(ArrayLiteral array) {
        return array.elements().stream().anyMatch(Aggregates::areIn);
    }

    private static boolean areIn(List<Part> parts) {
        for (var index = 0; index + 1 < parts.size(); index++) {
            if (parts.get(index) instanceof Token name
                    && parts.get(index + 1) instanceof Token open
                    && open.is('(')
                    && isAggregate(name, parts, index + 2)) {
                return true;
            }
        }
        return parts.stream().anyMatch(Aggregates::isOneWithin);
    }

    private static boolean isOneWithin(Part part) {
        return switch (part) {
            case Part.ObjectLiteral object -> object.fields().stream().anyMatch(field -> areIn(field.value()));
            case ArrayLiteral array -> areIn(array);
            case Part.PathExtract path -> areIn(path.base());
            default -> false;
        };
    }

    /** {@code min} and {@code max} aggregate if they have one argument. */
    private static boolean isAggregate(Token name, List<Part> parts, int argument) {
        var function = name.text().toLowerCase(Locale.ROOT);
        return NAMES.contains(function)
                || ((function.equals("min") || function.equals("max"))
                        && !Select.hasComma(parts.subList(argument, parts.size())));
    }
}
