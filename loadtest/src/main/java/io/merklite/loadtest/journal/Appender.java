package io.merklite.loadtest.journal;

import java.util.concurrent.atomic.LongAdder;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;

/** Persists the same bytes again and again, the next when the last is on disk. */
final class Appender extends EventSourcedBehavior<Appender.Command, byte[], Long> {
    sealed interface Command {}

    /** From the harness, once; then from itself. */
    enum Append implements Command {
        INSTANCE
    }

    /** From the harness: ends after the append that is under way. */
    enum Stop implements Command {
        INSTANCE
    }

    private final ActorContext<Command> context;
    private final String plugin;
    private final byte[] event;
    private final LongAdder appended;
    private final LatencyLog latencies;
    private long began;

    private Appender(
            ActorContext<Command> context,
            String name,
            String plugin,
            byte[] event,
            LongAdder appended,
            LatencyLog latencies) {
        super(PersistenceId.ofUniqueId(name));
        this.context = context;
        this.plugin = plugin;
        this.event = event;
        this.appended = appended;
        this.latencies = latencies;
    }

    static Behavior<Command> create(
            String name, String plugin, byte[] event, LongAdder appended, LatencyLog latencies) {
        return Behaviors.setup(context -> new Appender(context, name, plugin, event, appended, latencies));
    }

    @Override
    public Long emptyState() {
        return 0L;
    }

    @Override
    public CommandHandler<Command, byte[], Long> commandHandler() {
        return (count, command) -> switch (command) {
            case Append append -> append();
            case Stop stop -> Effect().stop();
        };
    }

    private Effect<byte[], Long> append() {
        began = System.nanoTime();
        return Effect().persist(event).thenRun(count -> {
            appended.increment();
            latencies.add(System.nanoTime() - began);
            context.getSelf().tell(Append.INSTANCE);
        });
    }

    @Override
    public EventHandler<Long, byte[]> eventHandler() {
        return (count, stored) -> count + 1;
    }

    @Override
    public String journalPluginId() {
        return plugin;
    }

    @Override
    public String snapshotPluginId() {
        return "pekko.persistence.no-snapshot-store";
    }
}
