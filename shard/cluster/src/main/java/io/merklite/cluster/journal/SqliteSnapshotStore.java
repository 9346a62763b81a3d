package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException.JournalUnsupported;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.snapshot.japi.SnapshotStore;
import scala.concurrent.Future;

/**
 * The snapshot plugin {@code merklite.journal.snapshot}: keeps snapshots in the {@link NodeJournal} of its actor system,
 * beside the events that they stand for.
 *
 * <p>A snapshot with the metadata of replicated event sourcing is refused: there is no place for it.
 */
public final class SqliteSnapshotStore extends SnapshotStore {
    private final NodeJournal journal = NodeJournal.get(context().system());
    private final PayloadCodec codec =
            new PayloadCodec(context().system(), journal.settings().maxEventSizeBytes());

    /** Internal: Pekko makes it. */
    public SqliteSnapshotStore() {}

    @Override
    public Future<Optional<SelectedSnapshot>> doLoadAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
        CompletionStage<Optional<SelectedSnapshot>> selected = journal.readSnapshot(
                        persistenceId, SnapshotRange.of(criteria))
                .thenApply(found -> found.map(snapshot -> SelectedSnapshot.create(
                        SnapshotMetadata.apply(persistenceId, snapshot.sequenceNr(), snapshot.timestampMillis()),
                        codec.decode(snapshot.payload()))));
        return PluginFuture.of(selected);
    }

    @Override
    public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
        return PluginFuture.of(save(metadata, snapshot));
    }

    @Override
    public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
        return PluginFuture.of(journal.deleteSnapshots(metadata.persistenceId(), SnapshotRange.of(metadata))
                .thenAccept(done -> {}));
    }

    @Override
    public Future<Void> doDeleteAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
        return PluginFuture.of(journal.deleteSnapshots(persistenceId, SnapshotRange.of(criteria))
                .thenAccept(done -> {}));
    }

    private CompletionStage<Void> save(SnapshotMetadata metadata, Object snapshot) {
        if (metadata.metadata().isDefined()) {
            return CompletableFuture.failedFuture(new JournalUnsupported(
                    "snapshot " + metadata.sequenceNr() + " of " + metadata.persistenceId() + " with metadata",
                    "Use another snapshot plugin for it"));
        }
        return journal.save(
                        metadata.persistenceId(),
                        new StoredSnapshot(metadata.sequenceNr(), metadata.timestamp(), codec.encode(snapshot)))
                .thenAccept(done -> {});
    }
}
