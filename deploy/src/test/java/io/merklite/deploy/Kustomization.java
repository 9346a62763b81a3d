package io.merklite.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Renders the part of Kustomize that our manifests use: {@code resources}, {@code namespace}, {@code nameSuffix} with the
 * references to names, and {@code labels} in selectors and templates. Anything else in a {@code kustomization.yaml} fails.
 */
final class Kustomization {
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final Set<String> KNOWN =
            Set.of("apiVersion", "kind", "resources", "namespace", "nameSuffix", "labels");
    private static final Set<String> CLUSTER_WIDE = Set.of("Namespace");

    private Kustomization() {}

    /** The objects of {@code folder}, as Kubernetes would get them. */
    static List<ObjectNode> render(Path folder) {
        try {
            var kustomization = YAML.readTree(Files.readString(folder.resolve("kustomization.yaml")));
            kustomization.fieldNames().forEachRemaining(name -> {
                if (!KNOWN.contains(name)) {
                    throw new IllegalArgumentException(folder + ": " + name + " is not rendered here");
                }
            });
            List<ObjectNode> objects = new ArrayList<>();
            for (var resource : kustomization.path("resources")) {
                var path = folder.resolve(resource.asText()).normalize();
                objects.addAll(Files.isDirectory(path) ? render(path) : read(path));
            }
            kustomization.path("labels").forEach(labels -> objects.forEach(object -> label(object, labels)));
            suffix(objects, kustomization.path("nameSuffix").asText(""));
            if (kustomization.has("namespace")) {
                objects.stream()
                        .filter(object ->
                                !CLUSTER_WIDE.contains(object.path("kind").asText()))
                        .forEach(object -> object.withObjectProperty("metadata")
                                .put(
                                        "namespace",
                                        kustomization.path("namespace").asText()));
            }
            return objects;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<ObjectNode> read(Path file) throws IOException {
        List<ObjectNode> objects = new ArrayList<>();
        try (var documents = YAML.readerFor(ObjectNode.class).<ObjectNode>readValues(Files.readString(file))) {
            documents.forEachRemaining(objects::add);
        }
        return objects;
    }

    private static void label(ObjectNode object, JsonNode labels) {
        labels.path("pairs").properties().forEach(pair -> {
            var value = pair.getValue().asText();
            object.withObjectProperty("metadata").withObjectProperty("labels").put(pair.getKey(), value);
            if (!object.path("spec").isObject()) {
                return;
            }
            var spec = object.withObjectProperty("spec");
            if (spec.path("selector").isObject()) {
                var selector = object.path("kind").asText().equals("Service")
                        ? spec.withObjectProperty("selector")
                        : spec.withObjectProperty("selector").withObjectProperty("matchLabels");
                selector.put(pair.getKey(), value);
            }
            if (spec.path("template").isObject()) {
                spec.withObjectProperty("template")
                        .withObjectProperty("metadata")
                        .withObjectProperty("labels")
                        .put(pair.getKey(), value);
            }
        });
    }

    private static void suffix(List<ObjectNode> objects, String suffix) {
        Set<String> services = new HashSet<>();
        objects.stream()
                .filter(object -> object.path("kind").asText().equals("Service"))
                .forEach(object ->
                        services.add(object.path("metadata").path("name").asText()));
        for (var object : objects) {
            var metadata = object.withObjectProperty("metadata");
            metadata.put("name", metadata.path("name").asText() + suffix);
            var service = object.path("spec").path("serviceName").asText("");
            if (services.contains(service)) {
                object.withObjectProperty("spec").put("serviceName", service + suffix);
            }
        }
    }
}
