package io.merklite.deploy;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Fields of a Kubernetes object that its type does not know: the model keeps them, the server would refuse them. */
final class UnknownFields {
    private static final String MODEL = "io.fabric8.kubernetes.api.model";

    private UnknownFields() {}

    static List<String> in(Object object) {
        List<String> unknown = new ArrayList<>();
        collect(object, object.getClass().getSimpleName(), unknown);
        return unknown;
    }

    private static void collect(Object object, String path, List<String> unknown) {
        switch (object) {
            case Collection<?> items -> items.forEach(item -> collect(item, path + "[]", unknown));
            case Map<?, ?> entries ->
                entries.forEach((key, value) -> {
                    if (value != null) {
                        collect(value, path + "." + key, unknown);
                    }
                });
            default -> {
                if (object.getClass().getName().startsWith(MODEL)
                        && !object.getClass().isEnum()) {
                    collectFields(object, path, unknown);
                }
            }
        }
    }

    private static void collectFields(Object object, String path, List<String> unknown) {
        for (var method : object.getClass().getMethods()) {
            if (!method.getName().startsWith("get")
                    || method.getParameterCount() != 0
                    || method.getDeclaringClass().equals(Object.class)) {
                continue;
            }
            try {
                var value = method.invoke(object);
                if (method.getName().equals("getAdditionalProperties")) {
                    ((Map<?, ?>) value).keySet().forEach(key -> unknown.add(path + "." + key));
                } else if (value != null) {
                    collect(value, path + "." + method.getName().substring(3), unknown);
                }
            } catch (IllegalAccessException | InvocationTargetException e) {
                throw new AssertionError(method + " of " + path, e);
            }
        }
    }
}
