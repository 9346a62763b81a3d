package io.merklite.client;

import io.merklite.client.ClientException.Unmappable;
import io.merklite.client.sql.JavaValues;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Rows to records. What is found out about a record type is kept with the class, and goes with it. */
final class RecordMapping {
    private static final ClassValue<RecordComponent[]> COMPONENTS = new ClassValue<>() {
        @Override
        protected RecordComponent[] computeValue(Class<?> type) {
            return type.getRecordComponents();
        }
    };

    private RecordMapping() {}

    static <T> T map(Row row, Class<T> type) {
        return type.isRecord() ? record(row, type) : only(row, type);
    }

    @SuppressWarnings("unchecked")
    static <T> Class<T> box(Class<T> type) {
        return (Class<T>) MethodType.methodType(type).wrap().returnType();
    }

    private static <T> T only(Row row, Class<T> type) {
        if (row.columns().size() != 1) {
            throw new Unmappable("a row of " + row.columns().size() + " columns is no " + type.getSimpleName());
        }
        return row.value(row.columns().getFirst().name(), type);
    }

    private static <T> T record(Row row, Class<T> type) {
        var components = COMPONENTS.get(type);
        var args = new @Nullable Object[components.length];
        for (var i = 0; i < components.length; i++) {
            args[i] = argument(row, components[i]);
        }
        try {
            var constructor = type.getDeclaredConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
            constructor.setAccessible(true);
            return constructor.newInstance(args);
        } catch (InvocationTargetException e) {
            throw new Unmappable(
                    "the constructor of " + type.getSimpleName() + " refuses the row", e.getTargetException());
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new Unmappable("the constructor of " + type.getName() + " can't be called", e);
        }
    }

    private static @Nullable Object argument(Row row, RecordComponent component) {
        var value = row.value(column(row, component));
        try {
            if (component.getType() == Optional.class) {
                return Optional.ofNullable(JavaValues.toJava(value, content(component)));
            }
            return JavaValues.toJava(value, component.getType());
        } catch (IllegalArgumentException e) {
            throw new Unmappable("component '" + component.getName() + "': " + e.getMessage(), e);
        }
    }

    private static int column(Row row, RecordComponent component) {
        return row.index(component.getName())
                .or(() -> {
                    var wanted = folded(component.getName());
                    for (var i = 0; i < row.columns().size(); i++) {
                        if (folded(row.columns().get(i).name()).equals(wanted)) {
                            return Optional.of(i);
                        }
                    }
                    return Optional.empty();
                })
                .orElseThrow(() -> new Unmappable("no column for component '" + component.getName() + "'"));
    }

    private static String folded(String name) {
        return name.replace("_", "").toLowerCase(Locale.ROOT);
    }

    private static Class<?> content(RecordComponent component) {
        return component.getGenericType() instanceof ParameterizedType optional
                        && optional.getActualTypeArguments()[0] instanceof Class<?> content
                ? content
                : Object.class;
    }
}
