package io.merklite.node.http;

import java.time.Duration;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.BidiShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a connection on which the head of a request does not come to its end in time: the idle timeout alone does not see a
 * client that sends a byte now and then, and a few thousand of those would take all connections that a node may have.
 *
 * <p>The first head has {@code first}, from the moment that the connection was accepted, with the handshake of TLS. A later
 * one has {@code later} to twice that, from the end of the answer before it: most of that time the client may just be silent.
 * While a request is being answered there is no deadline.
 *
 * <p><b>Cost.</b> A timer runs once in a time-out, and looks whether anything has happened; a request costs no timer.
 */
final class HeadDeadline extends GraphStage<BidiShape<HttpRequest, HttpRequest, HttpResponse, HttpResponse>> {
    private static final Logger LOG = LoggerFactory.getLogger(HeadDeadline.class);
    private static final String LOOK = "look";

    private final Inlet<HttpRequest> requestIn = Inlet.create("HeadDeadline.requestIn");
    private final Outlet<HttpRequest> requestOut = Outlet.create("HeadDeadline.requestOut");
    private final Inlet<HttpResponse> responseIn = Inlet.create("HeadDeadline.responseIn");
    private final Outlet<HttpResponse> responseOut = Outlet.create("HeadDeadline.responseOut");
    private final BidiShape<HttpRequest, HttpRequest, HttpResponse, HttpResponse> shape =
            BidiShape.of(requestIn, requestOut, responseIn, responseOut);
    private final Duration first;
    private final Duration later;

    HeadDeadline(Duration first, Duration later) {
        this.first = first;
        this.later = later;
    }

    @Override
    public BidiShape<HttpRequest, HttpRequest, HttpResponse, HttpResponse> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Connection();
    }

    private final class Connection extends TimerGraphStageLogic {
        private final AsyncCallback<Boolean> answerEnded = createAsyncCallback(this::onAnswerEnded);
        /** Requests whose answers have not been sent to their end. */
        private int unansweredCount;
        /** Whether a head has come since the timer looked last. */
        private boolean hasMoved;

        Connection() {
            super(shape);
            setHandler(requestIn, new AbstractInHandler() {
                @Override
                public void onPush() {
                    unansweredCount++;
                    hasMoved = true;
                    push(requestOut, grab(requestIn));
                }

                @Override
                public void onUpstreamFinish() {
                    complete(requestOut);
                }
            });
            setHandler(requestOut, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    pull(requestIn);
                }

                @Override
                public void onDownstreamFinish(Throwable cause) {
                    cancel(requestIn, cause);
                }
            });
            setHandler(responseIn, new AbstractInHandler() {
                @Override
                public void onPush() {
                    push(responseOut, noted(grab(responseIn)));
                }
            });
            setHandler(responseOut, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    pull(responseIn);
                }
            });
        }

        private void onAnswerEnded(boolean isWhole) {
            unansweredCount--;
        }

        @Override
        public void preStart() {
            scheduleOnce(LOOK, first);
        }

        @Override
        public void onTimer(Object key) {
            if (hasMoved || unansweredCount > 0) {
                hasMoved = unansweredCount > 0; // the time begins when the answer has ended
                scheduleOnce(LOOK, later);
            } else {
                LOG.debug("connection closed: the head of a request did not come in time");
                completeStage();
            }
        }

        /** The answer, and a note when all of it is sent. */
        private HttpResponse noted(HttpResponse response) {
            if (response.status().equals(StatusCodes.SWITCHING_PROTOCOLS)) {
                return response; // what follows is no head, and has time-outs of its own
            }
            return switch (response.entity()) {
                case HttpEntity.Strict strict -> {
                    unansweredCount--;
                    yield response;
                }
                case HttpEntity.Default known ->
                    response.withEntity(HttpEntities.create(
                            known.getContentType(),
                            known.getContentLength(),
                            known.getDataBytes().via(noting())));
                default -> response.transformEntityDataBytes(noting());
            };
        }

        private Flow<ByteString, ByteString, NotUsed> noting() {
            return Flow.<ByteString>create().watchTermination((unused, done) -> {
                done.whenComplete((ended, failure) -> answerEnded.invoke(failure == null));
                return unused;
            });
        }
    }
}
