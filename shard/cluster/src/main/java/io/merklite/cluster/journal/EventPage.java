package io.merklite.cluster.journal;

import java.util.List;

/**
 * Events of one persistence id, in order.
 *
 * @param events as many as a page holds
 * @param highestSequenceNr the highest event there was when the page was read; 0 if there was none
 * @param isLast whether no event of the range that was asked for follows
 */
record EventPage(List<StoredEvent> events, long highestSequenceNr, boolean isLast) {
    EventPage {
        events = List.copyOf(events);
    }
}
