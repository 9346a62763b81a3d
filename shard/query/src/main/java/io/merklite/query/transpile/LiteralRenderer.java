package io.merklite.query.transpile;

import io.merklite.query.transpile.Part.ArrayLiteral;
import io.merklite.query.transpile.Part.Field;
import io.merklite.query.transpile.Part.ObjectLiteral;
import io.merklite.query.transpile.Part.PathExtract;
import io.merklite.query.transpile.Part.Truth;
import java.util.List;
import java.util.function.Consumer;

/** Objects, arrays, booleans and paths as calls of JSON functions. */
final class LiteralRenderer {
    /** The limit of the SQLite driver and of PostgreSQL; what is longer is built in pieces. */
    private static final int MOST_ARGUMENTS = 100;

    private final Rendering rendering;

    LiteralRenderer(Rendering rendering) {
        this.rendering = rendering;
    }

    void truth(Truth truth) {
        rendering.out.append(
                rendering.backEnd == BackEnd.SQLITE
                        ? "sqldeep_json('" + truth.value() + "')"
                        : String.valueOf(truth.value()));
    }

    /** The object without its marker. */
    void object(ObjectLiteral object) {
        pieces(object.fields(), rendering.backEnd.object(), MOST_ARGUMENTS / 2, this::field);
    }

    private void field(Field field) {
        rendering.parts(field.key());
        rendering.out.append(", ");
        rendering.parts(field.value());
    }

    void array(ArrayLiteral array) {
        var select = array.onlySelect();
        if (select.isPresent()) {
            rendering.queries.array(select.get().query());
        } else {
            elements(array);
        }
    }

    private void elements(ArrayLiteral array) {
        pieces(array.elements(), rendering.backEnd.array(), MOST_ARGUMENTS, rendering::parts);
    }

    /** One element of an array of all rows: the only value in the brackets, or an array of several. */
    void row(ArrayLiteral array) {
        if (array.elements().size() == 1) {
            rendering.parts(array.elements().getFirst());
        } else {
            elements(array);
        }
    }

    /** Calls {@code function} with {@code items}, or several times and joins what it gives. */
    private <T> void pieces(List<T> items, String function, int most, Consumer<T> writer) {
        if (items.size() <= most) {
            call(function, items, writer);
            return;
        }
        var isSqlite = rendering.backEnd == BackEnd.SQLITE;
        rendering.out.append(isSqlite ? "sqldeep_json_join(" : "(");
        for (var from = 0; from < items.size(); from += most) {
            if (from > 0) {
                rendering.out.append(isSqlite ? ", " : " || ");
            }
            call(function, items.subList(from, Math.min(items.size(), from + most)), writer);
        }
        rendering.out.append(")");
    }

    private <T> void call(String function, List<T> items, Consumer<T> writer) {
        rendering.out.append(function).append("(");
        for (var index = 0; index < items.size(); index++) {
            if (index > 0) {
                rendering.out.append(", ");
            }
            writer.accept(items.get(index));
        }
        rendering.out.append(")");
    }

    void path(PathExtract path) {
        var isSqlite = rendering.backEnd == BackEnd.SQLITE;
        rendering.out.append(isSqlite ? "json_extract(" : "jsonb_extract_path(");
        rendering.parts(path.base());
        rendering.out.append(", ");
        rendering.out.append(isSqlite ? sqlitePath(path.steps()) : postgresPath(path.steps()));
        rendering.out.append(")");
    }

    private static String sqlitePath(List<PathExtract.Step> steps) {
        var path = new StringBuilder("$");
        for (var step : steps) {
            if (step.isIndex()) {
                path.append('[').append(step.text()).append(']');
            } else if (Identifiers.isPlain(step.text())) {
                path.append('.').append(step.text());
            } else {
                path.append(".\"").append(step.text()).append('"');
            }
        }
        return Identifiers.string(path.toString());
    }

    private static String postgresPath(List<PathExtract.Step> steps) {
        return String.join(
                ", ",
                steps.stream().map(step -> Identifiers.string(step.text())).toList());
    }
}
