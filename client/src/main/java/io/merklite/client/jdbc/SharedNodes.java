package io.merklite.client.jdbc;

import io.merklite.client.http.NodeHttp;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/**
 * What lies below the connections of one URL: sockets, distances, and the bookmarks with which each connection of a pool sees
 * what another has written. It lives as long as one of them.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class SharedNodes {
    private static final Map<JdbcUrl, SharedNodes> OPEN = new HashMap<>();

    private final JdbcUrl url;
    private final NodeHttp http;
    private int userCount;

    private SharedNodes(JdbcUrl url, NodeHttp http) {
        this.url = url;
        this.http = http;
    }

    static SharedNodes use(JdbcUrl url) throws SQLException {
        synchronized (OPEN) {
            var known = OPEN.get(url);
            if (known == null) {
                known = new SharedNodes(url, new NodeHttp(url.settings()));
                OPEN.put(url, known);
            }
            known.userCount++;
            return known;
        }
    }

    NodeHttp http() {
        return http;
    }

    void release() {
        synchronized (OPEN) {
            if (--userCount > 0) {
                return;
            }
            OPEN.remove(url);
        }
        http.close();
    }
}
