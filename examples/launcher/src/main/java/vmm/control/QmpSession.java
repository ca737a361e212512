package vmm.control;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.json.JsonMapper;

/** One client's conversation in QMP: a greeting, then an answer to each command, in their order. */
final class QmpSession {
    private static final String CAPABILITIES = "qmp_capabilities";
    private static final List<String> COMMANDS = List.of(
            CAPABILITIES, "query-commands", "query-name", "query-status", "query-version", "quit", "system_powerdown");

    private static final Map<String, Object> VERSION =
            Map.of("qemu", Map.of("major", 0, "minor", 1, "micro", 0), "package", "vmm");
    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final SocketChannel client;
    private final Controlled machine;
    private boolean negotiated;

    /** Something else than a result: an error's class and what it says. */
    private static final class CommandException extends Exception {
        private static final long serialVersionUID = 1;
        private final String kind;

        CommandException(String kind, String description) {
            super(description);
            this.kind = kind;
        }

        Map<String, Object> toTree() {
            return Map.of("class", kind, "desc", String.valueOf(getMessage()));
        }
    }

    QmpSession(SocketChannel client, Controlled machine) {
        this.client = client;
        this.machine = machine;
    }

    /** Talks until the client hangs up. */
    void run() throws IOException {
        send(Map.of("QMP", Map.of("version", VERSION, "capabilities", List.of())));
        try (MappingIterator<JsonNode> commands = MAPPER.readerFor(JsonNode.class)
                .without(StreamReadFeature.AUTO_CLOSE_SOURCE)
                .readValues(Channels.newInputStream(client))) {
            while (commands.hasNextValue()) {
                answer(commands.nextValue());
            }
        } catch (JacksonException noJson) {
            // Where the next command would begin nobody knows.
            send(Map.of("error", new CommandException("GenericError", "Invalid JSON syntax").toTree()));
        }
    }

    private void answer(JsonNode command) throws IOException {
        Map<String, Object> answer = new LinkedHashMap<>();
        String name = command.path("execute").stringValue("");
        try {
            answer.put("return", execute(name));
        } catch (CommandException refused) {
            answer.put("error", refused.toTree());
        }
        if (command.has("id")) {
            answer.put("id", command.get("id"));
        }
        send(answer);
        if (name.equals("quit") && answer.containsKey("return")) {
            machine.stop();
        }
    }

    private Object execute(String name) throws CommandException {
        if (name.isEmpty()) {
            throw new CommandException("GenericError", "QMP input lacks member 'execute'");
        }
        if (!negotiated && !name.equals(CAPABILITIES)) {
            throw new CommandException(
                    "CommandNotFound", "Expecting capabilities negotiation with '" + CAPABILITIES + "'");
        }
        return switch (name) {
            case CAPABILITIES -> {
                negotiated = true;
                yield Map.of();
            }
            case "query-commands" ->
                COMMANDS.stream().map(known -> Map.of("name", known)).toList();
            case "query-name" -> Map.of("name", machine.name());
            case "query-status" -> {
                String state = machine.state();
                yield Map.of("running", state.equals("running"), "status", state);
            }
            case "query-version" -> VERSION;
            case "quit" -> Map.of();
            case "system_powerdown" -> {
                machine.pressPowerButton();
                yield Map.of();
            }
            default -> throw new CommandException("CommandNotFound", "The command " + name + " has not been found");
        };
    }

    private void send(Object tree) throws IOException {
        ByteBuffer line = ByteBuffer.wrap((MAPPER.writeValueAsString(tree) + "\r\n").getBytes(StandardCharsets.UTF_8));
        while (line.hasRemaining()) {
            client.write(line);
        }
    }
}
