package vmm.control;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import vmm.control.QmpException.ErrorClass;

/**
 * One client's conversation in QMP: a greeting, then an answer to each command, in their order; and events between
 * them, once capabilities are negotiated. One thread gives it what the client sends.
 */
final class QmpSession implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(QmpSession.class);

    private static final String CAPABILITIES = "qmp_capabilities";
    private static final String COMMANDS = "query-commands";

    /** Whoever says so many things that are no JSON, one after the other, does not mean us. */
    private static final int MOST_RUBBISH = 64;

    private final QmpService service;
    private final Consumer<byte[]> out;
    private final Consumer<QmpEvent> events;
    private final MessageReader reader = new MessageReader();
    private boolean negotiated;
    private int rubbish;
    private long answered;

    /**
     * A session that nothing is said in yet.
     *
     * @param out takes each message to the client, a line of JSON, in their order
     * @param events takes each event to the client; any thread calls it
     */
    QmpSession(QmpService service, Consumer<byte[]> out, Consumer<QmpEvent> events) {
        this.service = service;
        this.out = out;
        this.events = events;
    }

    /** The first message to the client. */
    void greet() {
        send(Map.of("QMP", Map.of("version", service.version(), "capabilities", List.of())));
    }

    /** The line of an event. */
    static byte[] line(QmpEvent event) {
        return line(event.toTree());
    }

    /**
     * Answers what is complete, and keeps what is not.
     *
     * @return false if the client is to be hung up on, once it has been told why
     */
    boolean receive(ByteBuffer bytes) {
        try {
            for (byte[] message = reader.next(bytes); message != null; message = reader.next(bytes)) {
                answer(message);
                if (rubbish == MOST_RUBBISH) {
                    return false;
                }
            }
            return true;
        } catch (MessageReader.LimitException limit) {
            refuse(String.valueOf(limit.getMessage()));
            return false;
        }
    }

    /** True while the client has sent the beginning of a message, but not its end. */
    boolean isWithinMessage() {
        return reader.isWithin();
    }

    /** How many messages have been answered. */
    long answered() {
        return answered;
    }

    /** The line of an error outside of any command. */
    static byte[] error(String description) {
        return line(Map.of("error", QmpException.generic(description).toTree()));
    }

    private void refuse(String description) {
        out.accept(error(description));
    }

    private void answer(byte[] message) {
        answered++;
        JsonNode tree;
        try {
            tree = QmpJson.parse(message);
        } catch (JacksonException noJson) {
            rubbish++;
            refuse("JSON parse error, " + QmpJson.complaint(message, noJson));
            return;
        }
        rubbish = 0;
        Map<String, Object> answer = new LinkedHashMap<>();
        Runnable then = () -> {};
        try {
            QmpAnswer result = execute(tree);
            answer.put("return", result.result());
            then = result.then();
        } catch (QmpException refused) {
            answer.put("error", refused.toTree());
        }
        JsonNode id = tree.get("id");
        if (id != null) {
            answer.put("id", id);
        }
        send(answer);
        then.run();
    }

    private QmpAnswer execute(JsonNode message) throws QmpException {
        if (!(message instanceof ObjectNode members)) {
            throw QmpException.generic("QMP input must be a JSON object");
        }
        String name = name(members);
        ObjectNode arguments = arguments(members);
        if (!negotiated && !name.equals(CAPABILITIES)) {
            throw new QmpException(
                    ErrorClass.COMMAND_NOT_FOUND, "Expecting capabilities negotiation with '" + CAPABILITIES + "'");
        }
        return switch (name) {
            case CAPABILITIES -> negotiate(arguments);
            case COMMANDS -> commands(arguments);
            default -> execute(name, arguments);
        };
    }

    private QmpAnswer execute(String name, ObjectNode arguments) throws QmpException {
        QmpCommand command = service.find(name);
        if (command == null) {
            throw new QmpException(ErrorClass.COMMAND_NOT_FOUND, "The command " + name + " has not been found");
        }
        try {
            return command.execute(arguments);
        } catch (RuntimeException defect) {
            log.warn("The command {} has failed.", name, defect);
            throw QmpException.generic("The VMM failed: " + defect);
        }
    }

    /** The command's name; nothing else than what a command consists of may be there. */
    private static String name(ObjectNode members) throws QmpException {
        for (Map.Entry<String, JsonNode> member : members.properties()) {
            JsonNode value = member.getValue();
            switch (member.getKey()) {
                case "execute" -> check(value.isString(), "QMP input member 'execute' must be a string");
                case "arguments" -> check(value.isObject(), "QMP input member 'arguments' must be an object");
                case "id" -> {}
                default -> throw QmpException.generic("QMP input member '" + member.getKey() + "' is unexpected");
            }
        }
        @Nullable JsonNode name = members.get("execute");
        check(name != null, "QMP input lacks member 'execute'");
        return Objects.requireNonNull(name).stringValue();
    }

    private static ObjectNode arguments(ObjectNode members) {
        return members.get("arguments") instanceof ObjectNode arguments ? arguments : members.objectNode();
    }

    private static void check(boolean condition, String description) throws QmpException {
        if (!condition) {
            throw QmpException.generic(description);
        }
    }

    private QmpAnswer negotiate(ObjectNode arguments) throws QmpException {
        if (negotiated) {
            throw new QmpException(
                    ErrorClass.COMMAND_NOT_FOUND, "Capabilities negotiation is already complete, command ignored");
        }
        for (Map.Entry<String, JsonNode> argument : arguments.properties()) {
            check(argument.getKey().equals("enable"), "Parameter '" + argument.getKey() + "' is unexpected");
            check(argument.getValue().isArray(), "Invalid parameter type for 'enable', expected: array");
            check(argument.getValue().isEmpty(), "No capability is offered that could be enabled");
        }
        negotiated = true;
        return new QmpAnswer(Map.of(), () -> service.listen(events));
    }

    private QmpAnswer commands(ObjectNode arguments) throws QmpException {
        for (String argument : arguments.propertyNames()) {
            throw QmpException.generic("Parameter '" + argument + "' is unexpected");
        }
        return QmpAnswer.of(Stream.concat(Stream.of(CAPABILITIES, COMMANDS), service.commands().stream())
                .sorted()
                .map(name -> Map.of("name", name))
                .toList());
    }

    private void send(Object tree) {
        out.accept(line(tree));
    }

    private static byte[] line(Object tree) {
        return (QmpJson.write(tree) + "\r\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Nothing is told to the client any more. */
    @Override
    public void close() {
        service.unlisten(events);
    }
}
