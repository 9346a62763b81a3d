package io.merklite.sync.role;

/** Names of messages, for errors and logs. */
final class RoleMessages {
    private RoleMessages() {}

    static String name(RoleMessage message) {
        return message.getClass().getSimpleName();
    }
}
