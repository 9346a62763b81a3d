package io.merklite.node.encoding;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class JsonWriterTest {
    @Test
    void commasStandBetweenValues() {
        var json = new JsonWriter(1)
                .beginObject()
                .name("a")
                .beginArray()
                .value(1)
                .value(true)
                .nullValue()
                .beginObject()
                .endObject()
                .endArray()
                .name("b")
                .integerAsText(-5)
                .name("c")
                .base64(ByteBuffer.wrap(new byte[] {1}))
                .endObject();

        assertThat(json.toByteString().utf8String()).isEqualTo("{\"a\":[1,true,null,{}],\"b\":\"-5\",\"c\":\"AQ\"}");
    }

    @Test
    void numbersThatAreNoneOfJsonAreWrittenAllTheSame() {
        var json = new JsonWriter(1)
                .beginArray()
                .value(Double.POSITIVE_INFINITY)
                .value(Double.NEGATIVE_INFINITY)
                .value(Double.NaN)
                .value(-0.0)
                .value(1e300)
                .endArray();

        assertThat(json.toByteString().utf8String()).isEqualTo("[1e999,-1e999,null,-0.0,1.0E300]");
    }

    @Test
    void halfASurrogatePairIsReplaced() {
        var json = new JsonWriter(1)
                .beginArray()
                .value("a\ud800")
                .value("\udc00b")
                .value("\ud800\ud800\udc00")
                .endArray();

        assertThat(json.toByteString().utf8String()).isEqualTo("[\"a\ufffd\",\"\ufffdb\",\"\ufffd\ud800\udc00\"]");
    }

    @Test
    void whatWasWrittenSinceAMarkIsTakenBack() {
        var json = new JsonWriter(1).beginArray().value(1);
        var mark = json.mark();
        json.value("a long one").beginArray();

        json.reset(mark);

        assertThat(json.value(2).endArray().toByteString().utf8String()).isEqualTo("[1,2]");
    }

    @Property(tries = 2000)
    void anyTextComesBack(@ForAll String text) {
        var isWhole = text.equals(new String(
                text.getBytes(java.nio.charset.StandardCharsets.UTF_8), java.nio.charset.StandardCharsets.UTF_8));

        var written = new JsonWriter(1)
                .beginArray()
                .value(text)
                .endArray()
                .toByteString()
                .utf8String();

        var read = JsonParser.parseString(written).getAsJsonArray().get(0).getAsString();
        if (isWhole) {
            assertThat(read).isEqualTo(text);
        } else {
            assertThat(read).hasSameSizeAs(text);
        }
    }

    @Property(tries = 2000)
    void anyNumberComesBack(@ForAll double number, @ForAll long integer) {
        var written = new JsonWriter(1)
                .beginArray()
                .value(number)
                .value(integer)
                .endArray()
                .toByteString()
                .utf8String();

        var read = JsonParser.parseString(written).getAsJsonArray();
        assertThat(read.get(0).getAsDouble()).isEqualTo(number);
        assertThat(read.get(1).getAsLong()).isEqualTo(integer);
    }
}
