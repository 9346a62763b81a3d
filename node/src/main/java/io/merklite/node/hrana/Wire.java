package io.merklite.node.hrana;

import io.merklite.node.http.HttpSettings;

/**
 * How requests and answers are written: the encodings of a node, with its limits.
 *
 * @param jsonRequests of both transports
 * @param jsonAnswers of both transports
 * @param protobufRequests of both transports
 * @param protobufAnswers of both transports
 */
record Wire(
        JsonRequests jsonRequests,
        JsonAnswers jsonAnswers,
        ProtobufRequests protobufRequests,
        ProtobufAnswers protobufAnswers) {
    static Wire of(HttpSettings http, HranaSettings hrana) {
        return new Wire(
                new JsonRequests(http.maxRequestSizeBytes()),
                new JsonAnswers(hrana.maxResultSizeBytes()),
                new ProtobufRequests(),
                new ProtobufAnswers(hrana.maxResultSizeBytes()));
    }

    RequestDecoder decoder(boolean isProtobuf) {
        return isProtobuf ? protobufRequests : jsonRequests;
    }

    AnswerEncoder encoder(boolean isProtobuf) {
        return isProtobuf ? protobufAnswers : jsonAnswers;
    }
}
