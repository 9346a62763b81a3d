package io.merklite.cluster.replica;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which generation of a database this node has heard of, beside what its files and the catalog say.
 *
 * <p>A name that was dropped and made again means another database: the next generation of the name, which shares nothing
 * with the one before. The catalog counts them, each file of a replica says which one it is of, and so does all that
 * replicas tell each other. A replica that hears of a later generation than its own is what was dropped: its file is set
 * aside, and it begins anew. See {@code docs/decisions/0009-generations-of-a-name.md}.
 *
 * <p>What is kept here is forgotten with the process: whoever has told it tells it again. It costs an entry for each name
 * that was made again.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class Generations {
    /** That of a name that was never dropped, as far as is known. */
    static final long FIRST = 1;

    private final Map<String, Long> newest = new ConcurrentHashMap<>();
    private final Set<String> outdated = ConcurrentHashMap.newKeySet();

    /** Somebody has said that there is this generation. */
    void heard(String database, long generation) {
        if (generation > FIRST) {
            newest.merge(database, generation, Math::max);
        }
    }

    /** The latest that anybody has spoken of. */
    long newest(String database) {
        return newest.getOrDefault(database, FIRST);
    }

    /** The file of a database is of a generation before the newest: it is to be set aside when nobody has it open. */
    void markOutdated(String database) {
        outdated.add(database);
    }

    /** Whether the file of a database is to be set aside; asked once by who does it. */
    boolean takeOutdated(String database) {
        return outdated.remove(database);
    }
}
