package io.merklite.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Runs in the phase verify, when the image has been built. */
@Tag("image")
class ImageTarTest {
    private static final int BLOCK = 512;

    private static final Map<String, byte[]> FILES = read(Path.of("target/jib-image.tar"));

    @Test
    void theNodeRunsAsNobodyInParticular() throws IOException {
        var config = config().path("config");

        assertThat(config.path("User").asText()).isEqualTo("10001:10001");
        assertThat(texts(config.path("Entrypoint")))
                .startsWith("java")
                .endsWith("io.merklite.node.Main")
                .anyMatch(argument -> argument.startsWith("-XX:MaxRAMPercentage"))
                .contains("-XX:+ExitOnOutOfMemoryError");
        assertThat(texts(config.path("Cmd"))).containsExactly("node");
        assertThat(config.path("ExposedPorts").has("8080/tcp")).isTrue();
        assertThat(config.path("Volumes").has("/data")).isTrue();
    }

    @Test
    void whatChangesOftenIsInALayerOfItsOwn() throws IOException {
        List<List<String>> layers = new ArrayList<>();
        for (var layer : manifest().path("Layers")) {
            layers.add(List.copyOf(entries(FILES.get(layer.asText())).keySet()));
        }

        assertThat(layers).anySatisfy(files -> assertThat(files).anyMatch(file -> file.contains("/pekko-actor")));
        assertThat(layers).anySatisfy(files -> assertThat(files).anyMatch(file -> file.contains("/merklite-node")));
        assertThat(layers)
                .noneSatisfy(files -> assertThat(files)
                        .anyMatch(file -> file.contains("/pekko-actor"))
                        .anyMatch(file -> file.contains("/merklite-node")));
        assertThat(layers.stream().flatMap(List::stream)).noneMatch(file -> file.contains("junit"));
    }

    private static JsonNode manifest() throws IOException {
        return new ObjectMapper().readTree(FILES.get("manifest.json")).path(0);
    }

    private static JsonNode config() throws IOException {
        return new ObjectMapper().readTree(FILES.get(manifest().path("Config").asText()));
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(item -> texts.add(item.asText()));
        return texts;
    }

    private static Map<String, byte[]> entries(byte[] gzipped) throws IOException {
        return untar(new GZIPInputStream(new ByteArrayInputStream(gzipped)));
    }

    private static Map<String, byte[]> read(Path tar) {
        try (var input = Files.newInputStream(tar)) {
            return untar(input);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Files of a tar: a block of header, its name in the first 100 bytes and its size in octal at 124, then the content. */
    private static Map<String, byte[]> untar(InputStream input) throws IOException {
        Map<String, byte[]> files = new HashMap<>();
        for (var header = input.readNBytes(BLOCK); header.length == BLOCK && header[0] != 0; ) {
            var name = new String(header, 0, 100, StandardCharsets.US_ASCII).replace("\0", "");
            var size = Integer.parseInt(new String(header, 124, 11, StandardCharsets.US_ASCII).strip(), 8);
            files.put(name, input.readNBytes(size));
            input.skipNBytes((BLOCK - size % BLOCK) % BLOCK);
            header = input.readNBytes(BLOCK);
        }
        return files;
    }
}
