package io.merklite.node.hrana;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.merklite.node.http.Access;
import io.merklite.node.http.HttpServer;
import io.merklite.node.http.HttpSettings;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** A bound server over {@link SingleFileDatabases}, and a client that says JSON to it. */
final class TestServer implements AutoCloseable {
    final SingleFileDatabases databases;
    final HttpClient client = HttpClient.newHttpClient();
    private final ActorSystem<Void> system;
    private final HttpServer server;

    private TestServer(SingleFileDatabases databases, ActorSystem<Void> system, HttpServer server) {
        this.databases = databases;
        this.system = system;
        this.server = server;
    }

    static TestServer start(Path folder) {
        return start(folder, "", Access.OPEN);
    }

    /** @param overrides of the block {@code merklite} */
    static TestServer start(Path folder, String overrides, Access access) {
        var databases = new SingleFileDatabases(folder).create("a").create("b").create("default");
        var config = settings(overrides);
        var system = ActorSystem.<Void>create(
                Behaviors.empty(),
                "hrana",
                ConfigFactory.parseString("pekko.actor.provider = local, pekko.loglevel = WARNING")
                        .withFallback(ConfigFactory.load()));
        var http = HttpSettings.from(config);
        var endpoints = HranaEndpoints.create(
                system,
                databases,
                access,
                http,
                HranaSettings.from(config),
                InstantSource.system(),
                new SecureRandom(),
                new PrometheusRegistry());
        var server = HttpServer.bind(system, http, Optional.empty(), List.of(endpoints))
                .toCompletableFuture()
                .join();
        return new TestServer(databases, system, server);
    }

    static Config settings(String overrides) {
        return ConfigFactory.parseString(overrides + "\nhttp.port = 0")
                .withFallback(ConfigFactory.load().getConfig("merklite"));
    }

    int port() {
        return server.address().getPort();
    }

    String url(String path) {
        return "http://127.0.0.1:" + port() + path;
    }

    /** Posts {@code body} and gives the whole answer. */
    HttpResponse<String> post(String path, String body, String... headers) {
        return send(builder(path, headers).POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    HttpResponse<String> get(String path, String... headers) {
        return send(builder(path, headers).GET());
    }

    HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    HttpRequest.Builder builder(String path, String... headers) {
        var builder = HttpRequest.newBuilder(URI.create(url(path))).timeout(Duration.ofSeconds(60));
        for (var i = 0; i < headers.length; i += 2) {
            builder.header(headers[i], headers[i + 1]);
        }
        return builder;
    }

    /** The answer to a pipeline, which must have status 200. */
    JsonObject pipeline(String requests) {
        return pipeline("/db/a/", null, requests);
    }

    JsonObject pipeline(String base, String baton, String requests) {
        var body = "{\"baton\":" + (baton == null ? "null" : '"' + baton + '"') + ",\"requests\":[" + requests + "]}";
        var response = post(base + "v3/pipeline", body);
        if (response.statusCode() != 200) {
            throw new AssertionError(response.statusCode() + " " + response.body());
        }
        return json(response).getAsJsonObject();
    }

    /** The result of a statement that runs alone. */
    JsonObject execute(String sql) {
        return pipeline(executeRequest(sql) + ",{\"type\":\"close\"}")
                .getAsJsonArray("results")
                .get(0)
                .getAsJsonObject();
    }

    static String executeRequest(String sql) {
        return "{\"type\":\"execute\",\"stmt\":{\"sql\":" + new com.google.gson.JsonPrimitive(sql) + "}}";
    }

    static JsonElement json(HttpResponse<String> response) {
        return JsonParser.parseString(response.body());
    }

    @Override
    public void close() throws Exception {
        server.stop(Duration.ofMillis(100)).toCompletableFuture().get(60, TimeUnit.SECONDS);
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
        databases.close();
    }
}
