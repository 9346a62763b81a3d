package io.merklite.sync.link;

import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.link.LinkMessage.Carried;
import io.merklite.sync.link.LinkMessage.Hello;
import io.merklite.sync.link.LinkMessage.Refusal;
import io.merklite.sync.link.LinkMessage.Welcome;
import io.merklite.sync.message.SyncMessageCodec;
import io.merklite.sync.wire.Frame;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * Messages of a link to bytes and back.
 *
 * <p><b>Threading.</b> Thread-safe: keeps nothing between calls. <b>Cost.</b> Linear in the bytes.
 */
public final class LinkCodec {
    /*
     * Version 1. What is carried stands as SyncMessageCodec writes it, in its frame of magic MLSM. The rest is in a frame of
     * magic MLLK whose body is the kind's byte and the fields in the order of the record: text and lists with their length
     * before them, sizes as varints, what is true or false as a byte of 1 or 0.
     */
    private static final String MAGIC = "MLLK";
    private static final byte[] MAGIC_BYTES = MAGIC.getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;
    private static final String WHAT = "message of a link";
    private static final int CONTROL_LIMIT = 64 << 10;
    private static final int TEXT_LIMIT = 16 << 10;
    private static final Pattern NAME = Pattern.compile("[0-9a-f]{16}");

    private static final int HELLO = 1;
    private static final int WELCOME = 2;
    private static final int REFUSAL = 3;

    private final Frame control = new Frame(WHAT, MAGIC, VERSION, CONTROL_LIMIT);
    private final SyncMessageCodec messages;

    /** @param maxMessageBytes the largest message that is written or read */
    public LinkCodec(int maxMessageBytes) {
        this.messages = new SyncMessageCodec(maxMessageBytes);
    }

    /**
     * The bytes of {@code message}, compressed if that is smaller.
     *
     * @throws io.merklite.sync.SyncException.TooLarge if it is larger than the limit
     */
    public byte[] encode(LinkMessage message) {
        var out = new WireWriter();
        switch (message) {
            case Carried carried -> {
                return messages.encode(carried.message());
            }
            case Hello hello -> out.uint8(HELLO).string(hello.replica()).varint(hello.maxMessageBytes());
            case Welcome welcome ->
                out.uint8(WELCOME).uint8(welcome.isWritable() ? 1 : 0).varint(welcome.maxMessageBytes());
            case Refusal refusal ->
                out.uint8(REFUSAL)
                        .string(refusal.code())
                        .string(refusal.message())
                        .uint8(refusal.isFinal() ? 1 : 0);
        }
        return control.encode(out.toByteArray());
    }

    /**
     * The message in {@code bytes}, all of which it must take.
     *
     * @throws io.merklite.sync.SyncException if they are none, one of another version, or one above the limit
     */
    public LinkMessage decode(byte[] bytes) {
        if (!Arrays.equals(bytes, 0, Math.min(bytes.length, MAGIC_BYTES.length), MAGIC_BYTES, 0, MAGIC_BYTES.length)) {
            return new Carried(messages.decode(bytes));
        }
        var body = control.decode(bytes);
        var in = new WireReader(WHAT, body, 0, body.length);
        var message = read(in);
        in.expectEnd();
        return message;
    }

    private static LinkMessage read(WireReader in) {
        return switch (in.uint8()) {
            case HELLO -> new Hello(name(in), size(in));
            case WELCOME -> new Welcome(flag(in), size(in));
            case REFUSAL -> new Refusal(in.string(TEXT_LIMIT), in.string(TEXT_LIMIT), flag(in));
            default -> throw new Malformed(WHAT, in.position() - 1, "an unknown kind");
        };
    }

    private static String name(WireReader in) {
        var start = in.position();
        var name = in.string(TEXT_LIMIT);
        if (!NAME.matcher(name).matches()) {
            throw new Malformed(WHAT, start, "the name of a replica that is not 16 hex digits");
        }
        return name;
    }

    private static int size(WireReader in) {
        var start = in.position();
        var size = in.varint();
        if (size < 1 || size > Integer.MAX_VALUE) {
            throw new Malformed(WHAT, start, "a limit of " + size + " bytes");
        }
        return (int) size;
    }

    private static boolean flag(WireReader in) {
        var value = in.uint8();
        if (value > 1) {
            throw new Malformed(WHAT, in.position() - 1, "a flag of " + value);
        }
        return value == 1;
    }
}
