package io.merklite.client.hrana;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.merklite.client.ClientException.Malformed;
import io.merklite.client.ClientException.StatementFailed;
import io.merklite.client.Column;
import io.merklite.client.Result;
import io.merklite.client.Row;
import io.merklite.client.hrana.StreamAnswer.StepOutcome;
import io.merklite.client.hrana.StreamRequest.Autocommit;
import io.merklite.client.hrana.StreamRequest.Batch;
import io.merklite.client.hrana.StreamRequest.Close;
import io.merklite.client.hrana.StreamRequest.Describe;
import io.merklite.client.hrana.StreamRequest.Execute;
import io.merklite.client.hrana.StreamRequest.Sequence;
import io.merklite.client.http.Json;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Answers from JSON. Fields come in any order, unknown ones are skipped, and 64-bit numbers are taken as strings and as
 * numbers. What does not fit is {@link Malformed}.
 */
public final class AnswerJson {
    private AnswerJson() {}

    /**
     * What a pipeline was answered.
     *
     * @param baton what the stream goes on with; none if it has ended
     * @param answers one for each request
     */
    record Pipeline(Optional<String> baton, List<StreamAnswer> answers) {
        Pipeline {
            answers = List.copyOf(answers);
        }
    }

    static Pipeline pipeline(byte[] bytes, List<StreamRequest> requests) {
        return Json.read("an answer", bytes, parser -> {
            var baton = new Holder<String>();
            List<StreamAnswer> answers = new ArrayList<>();
            Json.object(parser, name -> {
                switch (name) {
                    case "baton" -> baton.set(optionalText(parser));
                    case "results" ->
                        Json.array(parser, () -> {
                            if (answers.size() == requests.size()) {
                                throw new Malformed("more answers than the " + requests.size() + " requests");
                            }
                            answers.add(streamResult(parser, requests.get(answers.size())));
                        });
                    default -> {
                        return false;
                    }
                }
                return true;
            });
            if (answers.size() != requests.size()) {
                throw new Malformed(answers.size() + " answers to " + requests.size() + " requests");
            }
            return new Pipeline(baton.optional(), answers);
        });
    }

    /** A value that a reader of fields finds on its way. */
    private static final class Holder<T> {
        private @Nullable T value;

        private void set(@Nullable T found) {
            value = found;
        }

        private Optional<T> optional() {
            return Optional.ofNullable(value);
        }

        private T required(String what) {
            return optional().orElseThrow(() -> new Malformed("no field '" + what + "'"));
        }
    }

    private static StreamAnswer streamResult(JsonParser parser, StreamRequest request) throws IOException {
        var found = new Holder<StreamAnswer>();
        Json.object(parser, name -> {
            switch (name) {
                case "response" -> {
                    if (parser.currentToken() == JsonToken.VALUE_NULL) {
                        return false;
                    }
                    found.set(response(parser, request));
                }
                case "error" -> {
                    if (parser.currentToken() == JsonToken.VALUE_NULL) {
                        return false;
                    }
                    found.set(new StreamAnswer.Failed(error(parser, 0)));
                }
                default -> {
                    return false;
                }
            }
            return true;
        });
        return found.required("response");
    }

    private static StreamAnswer response(JsonParser parser, StreamRequest request) throws IOException {
        var found = new Holder<StreamAnswer>();
        Json.object(parser, name -> {
            switch (name) {
                case "result" ->
                    found.set(
                            switch (request) {
                                case Execute execute -> new StreamAnswer.Executed(result(parser));
                                case Batch batch ->
                                    batchResult(parser, batch.steps().size());
                                case Describe describe -> described(parser);
                                case Sequence sequence -> throw new Malformed("a result of a sequence");
                                case Autocommit autocommit -> throw new Malformed("a result of get_autocommit");
                                case Close close -> throw new Malformed("a result of a close");
                            });
                case "is_autocommit" -> found.set(new StreamAnswer.AutocommitIs(parser.getBooleanValue()));
                default -> {
                    return false;
                }
            }
            return true;
        });
        return switch (request) {
            case Sequence sequence -> StreamAnswer.Done.DONE;
            case Close close -> StreamAnswer.Done.DONE;
            case Execute execute -> found.required("result");
            case Batch batch -> found.required("result");
            case Describe describe -> found.required("result");
            case Autocommit autocommit -> found.required("is_autocommit");
        };
    }

    private static StreamAnswer batchResult(JsonParser parser, int stepCount) throws IOException {
        var outcomes = new ArrayList<StepOutcome>();
        for (var i = 0; i < stepCount; i++) {
            outcomes.add(StepOutcome.Skipped.SKIPPED);
        }
        Json.object(parser, name -> {
            switch (name) {
                case "step_results" -> steps(parser, outcomes, step -> new StepOutcome.Ran(result(parser)));
                case "step_errors" -> steps(parser, outcomes, step -> new StepOutcome.Broke(error(parser, step)));
                default -> {
                    return false;
                }
            }
            return true;
        });
        return new StreamAnswer.BatchDone(outcomes);
    }

    private interface StepReader {
        StepOutcome read(int step) throws IOException;
    }

    private static void steps(JsonParser parser, List<StepOutcome> outcomes, StepReader reader) throws IOException {
        var step = new int[1];
        Json.array(parser, () -> {
            if (step[0] == outcomes.size()) {
                throw new Malformed("more results than the " + outcomes.size() + " steps");
            }
            if (parser.currentToken() != JsonToken.VALUE_NULL) {
                outcomes.set(step[0], reader.read(step[0]));
            }
            step[0]++;
        });
    }

    private static Result result(JsonParser parser) throws IOException {
        List<Column> columns = new ArrayList<>();
        List<List<SqlValue>> rows = new ArrayList<>();
        var numbers = new Numbers();
        Json.object(parser, name -> {
            switch (name) {
                case "cols" -> columns(parser, columns);
                case "rows" -> Json.array(parser, () -> rows.add(values(parser)));
                default -> {
                    return numbers.read(parser, name);
                }
            }
            return true;
        });
        var shared = List.copyOf(columns);
        return new Result(
                shared,
                rows.stream().map(values -> new Row(shared, values)).toList(),
                numbers.affectedRowCount,
                numbers.lastInsertRowid);
    }

    /** What the end of a statement says. */
    private static final class Numbers {
        private long affectedRowCount;
        private OptionalLong lastInsertRowid = OptionalLong.empty();

        private boolean read(JsonParser parser, String name) throws IOException {
            switch (name) {
                case "affected_row_count" -> affectedRowCount = integer(parser);
                case "last_insert_rowid" ->
                    lastInsertRowid = parser.currentToken() == JsonToken.VALUE_NULL
                            ? OptionalLong.empty()
                            : OptionalLong.of(integer(parser));
                default -> {
                    return false;
                }
            }
            return true;
        }
    }

    private static StreamAnswer described(JsonParser parser) throws IOException {
        List<Optional<String>> parameters = new ArrayList<>();
        List<Column> columns = new ArrayList<>();
        var isReadOnly = new Holder<Boolean>();
        Json.object(parser, name -> {
            switch (name) {
                case "params" ->
                    Json.array(parser, () -> {
                        var parameter = new Holder<String>();
                        Json.object(parser, field -> {
                            if (field.equals("name")) {
                                parameter.set(optionalText(parser));
                                return true;
                            }
                            return false;
                        });
                        parameters.add(parameter.optional());
                    });
                case "cols" -> columns(parser, columns);
                case "is_readonly" -> isReadOnly.set(parser.getBooleanValue());
                default -> {
                    return false;
                }
            }
            return true;
        });
        return new StreamAnswer.Described(parameters, columns, isReadOnly.required("is_readonly"));
    }

    private static void columns(JsonParser parser, List<Column> columns) throws IOException {
        Json.array(parser, () -> {
            var name = new Holder<String>();
            var type = new Holder<String>();
            Json.object(parser, field -> {
                switch (field) {
                    case "name" -> name.set(optionalText(parser));
                    case "decltype" -> type.set(optionalText(parser));
                    default -> {
                        return false;
                    }
                }
                return true;
            });
            columns.add(new Column(name.optional().orElse(""), type.optional()));
        });
    }

    /** An error of a statement, which the parser is at. */
    public static StatementFailed error(JsonParser parser, int step) throws IOException {
        var message = new Holder<String>();
        var code = new Holder<String>();
        Json.object(parser, name -> {
            switch (name) {
                case "message" -> message.set(optionalText(parser));
                case "code" -> code.set(optionalText(parser));
                default -> {
                    return false;
                }
            }
            return true;
        });
        return new StatementFailed(
                code.optional().orElse("SQLITE_UNKNOWN"), message.optional().orElse("no message"), step);
    }

    // ---- cursors ----------------------------------------------------------------------------------------------------

    /** The first line of a cursor, which the parser is at. */
    static CursorEntry.Head head(JsonParser parser) throws IOException {
        var baton = new Holder<String>();
        Json.object(parser, name -> {
            if (name.equals("baton")) {
                baton.set(optionalText(parser));
                return true;
            }
            return false;
        });
        return new CursorEntry.Head(baton.optional());
    }

    /** A later line, which the parser is at; none for a kind that is not known. */
    static Optional<CursorEntry> entry(JsonParser parser) throws IOException {
        var type = new Holder<String>();
        var step = new Holder<Integer>();
        var row = new Holder<List<SqlValue>>();
        var error = new Holder<StatementFailed>();
        List<Column> columns = new ArrayList<>();
        var numbers = new Numbers();
        Json.object(parser, name -> {
            switch (name) {
                case "type" -> type.set(optionalText(parser));
                case "step" -> step.set(parser.getIntValue());
                case "cols" -> columns(parser, columns);
                case "row" -> row.set(values(parser));
                case "error" -> error.set(error(parser, step.optional().orElse(0)));
                default -> {
                    return numbers.read(parser, name);
                }
            }
            return true;
        });
        return switch (type.required("type")) {
            case "row" -> Optional.of(new CursorEntry.RowRead(row.required("row")));
            case "step_begin" -> Optional.of(new CursorEntry.StepBegun(step.required("step"), columns));
            case "step_end" ->
                Optional.of(new CursorEntry.StepEnded(numbers.affectedRowCount, numbers.lastInsertRowid));
            case "step_error" -> Optional.of(new CursorEntry.StepFailed(at(error.required("error"), step)));
            case "error" -> Optional.of(new CursorEntry.Failed(error.required("error")));
            default -> Optional.empty();
        };
    }

    /** The step may have come after the error. */
    private static StatementFailed at(StatementFailed error, Holder<Integer> step) {
        return new StatementFailed(
                error.sqlCode(), error.sqlMessage(), step.optional().orElse(0));
    }

    // ---- values -----------------------------------------------------------------------------------------------------

    /** A list of values, which the parser is at. */
    public static List<SqlValue> values(JsonParser parser) throws IOException {
        List<SqlValue> values = new ArrayList<>();
        Json.array(parser, () -> values.add(value(parser)));
        return values;
    }

    /** A value with its type, or as plain JSON: null, a number, text, true for 1, an object with base64. */
    public static SqlValue value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> typed(parser);
            case VALUE_NULL -> SqlValue.NULL;
            case VALUE_NUMBER_INT -> SqlValue.of(integer(parser));
            case VALUE_NUMBER_FLOAT -> SqlValue.of(parser.getDoubleValue());
            case VALUE_STRING -> SqlValue.of(parser.getText());
            case VALUE_TRUE -> SqlValue.of(1);
            case VALUE_FALSE -> SqlValue.of(0);
            default -> throw new Malformed("found " + parser.currentToken() + ", expected a value");
        };
    }

    private static SqlValue typed(JsonParser parser) throws IOException {
        var type = new Holder<String>();
        var text = new Holder<String>();
        var base64 = new Holder<String>();
        Json.object(parser, name -> {
            switch (name) {
                case "type" -> type.set(parser.getText());
                case "value" -> text.set(optionalText(parser));
                case "base64" -> base64.set(optionalText(parser));
                default -> {
                    return false;
                }
            }
            return true;
        });
        try {
            return switch (type.optional().orElse("blob")) {
                case "null" -> SqlValue.NULL;
                case "integer" -> SqlValue.of(Long.parseLong(text.required("value")));
                case "float" -> SqlValue.of(Double.parseDouble(text.required("value")));
                case "text" -> SqlValue.of(text.required("value"));
                case "blob" -> SqlValue.of(Base64.getDecoder().decode(base64.required("base64")));
                default -> throw new Malformed("a value of unknown type '" + type.required("type") + "'");
            };
        } catch (NumberFormatException e) {
            throw new Malformed("a number that is none", e);
        } catch (IllegalArgumentException e) {
            throw new Malformed("base64 that is none", e);
        }
    }

    private static long integer(JsonParser parser) throws IOException {
        try {
            return Long.parseLong(parser.getText());
        } catch (NumberFormatException e) {
            throw new Malformed("found " + parser.currentToken() + ", expected a whole number of 64 bits", e);
        }
    }

    /** A string, or the text of a number; null for null. */
    private static @Nullable String optionalText(JsonParser parser) throws IOException {
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            return null;
        }
        if (!parser.currentToken().isScalarValue()) {
            throw new Malformed("found " + parser.currentToken() + ", expected a text");
        }
        return parser.getText();
    }
}
