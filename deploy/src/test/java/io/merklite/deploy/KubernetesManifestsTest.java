package io.merklite.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.merklite.node.config.Configuration;
import io.merklite.node.config.ConfigurationSources;
import io.merklite.node.serve.ServeSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubernetesManifestsTest {
    private static final List<HasMetadata> OBJECTS =
            Kustomization.render(Path.of("kubernetes/two-datacenters")).stream()
                    .<HasMetadata>map(object -> new KubernetesSerialization().unmarshal(object.toString()))
                    .toList();

    @Test
    void thereAreTwoDatacentersOfThreeNodesWithWhatTheyShare() {
        assertThat(OBJECTS)
                .extracting(
                        object -> object.getKind() + " " + object.getMetadata().getName())
                .containsExactlyInAnyOrder(
                        "Namespace merklite",
                        "NetworkPolicy merklite",
                        "StatefulSet merklite-a",
                        "Service merklite-nodes-a",
                        "Service merklite-a",
                        "PodDisruptionBudget merklite-a",
                        "StatefulSet merklite-b",
                        "Service merklite-nodes-b",
                        "Service merklite-b",
                        "PodDisruptionBudget merklite-b");
        assertThat(of(StatefulSet.class))
                .extracting(set -> set.getSpec().getReplicas())
                .containsExactly(3, 3);
    }

    @Test
    void nothingIsMisspelt() {
        assertThat(OBJECTS)
                .allSatisfy(object -> assertThat(UnknownFields.in(object))
                        .as(object.getKind() + " " + object.getMetadata().getName())
                        .isEmpty());
    }

    @Test
    void everySelectorFindsThePodsOfItsOwnDatacenter() {
        for (var set : of(StatefulSet.class)) {
            var pods = set.getSpec().getTemplate().getMetadata().getLabels();
            var datacenter = pods.get("merklite.io/datacenter");

            assertThat(set.getMetadata().getName()).isEqualTo("merklite-" + datacenter);
            assertThat(pods).containsAllEntriesOf(set.getSpec().getSelector().getMatchLabels());
            assertThat(set.getSpec().getSelector().getMatchLabels())
                    .containsEntry("merklite.io/datacenter", datacenter);
            assertThat(of(Service.class)).anySatisfy(service -> {
                assertThat(service.getMetadata().getName())
                        .isEqualTo(set.getSpec().getServiceName());
                assertThat(service.getSpec().getSelector()).containsEntry("merklite.io/datacenter", datacenter);
                assertThat(service.getSpec().getClusterIP()).isEqualTo("None");
            });
            assertThat(of(PodDisruptionBudget.class)).anySatisfy(budget -> {
                assertThat(pods)
                        .containsAllEntriesOf(budget.getSpec().getSelector().getMatchLabels());
                assertThat(budget.getSpec().getMaxUnavailable().getIntVal()).isEqualTo(1);
            });
        }
    }

    @Test
    void everyPortThatIsNamedIsOneOfTheContainer() {
        var container = of(StatefulSet.class)
                .getFirst()
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst();
        var names = container.getPorts().stream().map(port -> port.getName()).toList();

        assertThat(of(Service.class))
                .allSatisfy(service -> assertThat(service.getSpec().getPorts())
                        .allSatisfy(port ->
                                assertThat(names).contains(port.getTargetPort().getStrVal())));
        assertThat(of(NetworkPolicy.class).getFirst().getSpec().getIngress())
                .allSatisfy(rule -> assertThat(rule.getPorts())
                        .allSatisfy(port ->
                                assertThat(names).contains(port.getPort().getStrVal())));
        assertThat(container.getReadinessProbe().getHttpGet().getPath()).isEqualTo("/health/ready");
        assertThat(container.getLivenessProbe().getHttpGet().getPath()).isEqualTo("/health/live");
    }

    @Test
    void podsRunWithoutRights() {
        for (var set : of(StatefulSet.class)) {
            var pod = set.getSpec().getTemplate().getSpec();
            var container = pod.getContainers().getFirst();

            assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
            assertThat(container.getSecurityContext().getReadOnlyRootFilesystem())
                    .isTrue();
            assertThat(container.getSecurityContext().getAllowPrivilegeEscalation())
                    .isFalse();
            assertThat(container.getSecurityContext().getCapabilities().getDrop())
                    .containsExactly("ALL");
            assertThat(pod.getAffinity().getPodAntiAffinity().getRequiredDuringSchedulingIgnoredDuringExecution())
                    .isNotEmpty();
            assertThat(pod.getEnableServiceLinks()).isFalse();
            assertThat(pod.getAutomountServiceAccountToken()).isFalse();
        }
    }

    @Test
    void variablesAreSettingsThatANodeStartsWith(@TempDir Path directory) throws Exception {
        var file = Files.writeString(directory.resolve("file.pem"), "-");
        for (var set : of(StatefulSet.class)) {
            Map<String, String> environment = new HashMap<>();
            for (var variable : set.getSpec()
                    .getTemplate()
                    .getSpec()
                    .getContainers()
                    .getFirst()
                    .getEnv()) {
                environment.put(variable.getName(), value(variable, set, file));
            }

            var configuration = Configuration.load(
                    new ConfigurationSources(Optional.empty(), environment, Map.of()), ServeSettings.CHECKS);

            assertThat(configuration.merklite().getStringList("cluster.seed-nodes"))
                    .contains("merklite-a-0.merklite-nodes-a.merklite.svc:17355")
                    .allSatisfy(seed -> assertThat(of(Service.class))
                            .anySatisfy(service -> assertThat(seed)
                                    .contains("." + service.getMetadata().getName() + ".")));
            assertThat(configuration.merklite().getString("cluster.datacenter"))
                    .isEqualTo(set.getMetadata().getName().replace("merklite-", ""));
        }
    }

    private static String value(EnvVar variable, StatefulSet set, Path file) {
        if (variable.getName().endsWith("_FILE")) {
            return file.toString();
        }
        if (variable.getValueFrom() == null) {
            return variable.getValue().replace("$(POD_NAMESPACE)", "merklite").replaceAll("\\$\\([A-Z_]+\\)", "x");
        }
        if (variable.getValueFrom().getSecretKeyRef() != null) {
            return "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        }
        var field = variable.getValueFrom().getFieldRef().getFieldPath();
        return field.contains("labels")
                ? set.getSpec().getTemplate().getMetadata().getLabels().get("merklite.io/datacenter")
                : "merklite-0";
    }

    private static <T extends HasMetadata> List<T> of(Class<T> kind) {
        return OBJECTS.stream().filter(kind::isInstance).map(kind::cast).toList();
    }
}
