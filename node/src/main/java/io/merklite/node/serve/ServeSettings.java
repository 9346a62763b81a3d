package io.merklite.node.serve;

import com.typesafe.config.Config;
import io.merklite.cluster.NodeSettings;
import io.merklite.node.hrana.HranaSettings;
import io.merklite.node.http.HttpSettings;
import io.merklite.node.log.LogSettings;
import io.merklite.node.membership.MembershipSettings;
import io.merklite.node.rest.RestSettings;
import io.merklite.node.security.ListenPolicy;
import io.merklite.node.security.SecuritySettings;
import io.merklite.node.security.TlsSettings;
import io.merklite.node.sync.SyncSettings;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * All settings of this module; those of the cluster are only checked here.
 *
 * @param membership where nodes are
 * @param http limits of the HTTP server
 * @param hrana limits of Hrana
 * @param rest limits of the REST interface
 * @param sync limits of links with embedded replicas
 * @param tls how its connections are secured, if they are
 * @param security whose tokens are good
 * @param log how the node logs
 */
public record ServeSettings(
        MembershipSettings membership,
        HttpSettings http,
        HranaSettings hrana,
        RestSettings rest,
        SyncSettings sync,
        Optional<TlsSettings> tls,
        SecuritySettings security,
        LogSettings log) {
    /** What checks the section {@code merklite}, each for itself, so that the problems of all are told. */
    public static final List<Consumer<Config>> CHECKS = List.of(
            NodeSettings::from,
            MembershipSettings::from,
            HttpSettings::from,
            HranaSettings::from,
            RestSettings::from,
            SyncSettings::from,
            TlsSettings::from,
            SecuritySettings::from,
            LogSettings::from,
            ListenPolicy::check);

    /** Reads the section {@code merklite}. */
    public static ServeSettings from(Config merklite) {
        return new ServeSettings(
                MembershipSettings.from(merklite),
                HttpSettings.from(merklite),
                HranaSettings.from(merklite),
                RestSettings.from(merklite),
                SyncSettings.from(merklite),
                TlsSettings.from(merklite),
                SecuritySettings.from(merklite),
                LogSettings.from(merklite));
    }
}
