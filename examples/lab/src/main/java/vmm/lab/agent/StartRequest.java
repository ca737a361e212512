package vmm.lab.agent;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A command to run.
 *
 * @param command the program, looked up in the environment's PATH, and its arguments
 * @param directory its working directory, absolute
 * @param environment the whole of its environment
 * @param terminal the pseudo-terminal that it gets, or {@link TerminalSize#NONE}
 */
public record StartRequest(
        List<String> command, String directory, Map<String, String> environment, TerminalSize terminal) {
    /**
     * A terminal's size in characters; 0 rows mean no terminal.
     *
     * @param rows lines
     * @param columns characters per line
     */
    public record TerminalSize(int rows, int columns) {
        /** No terminal: standard input, output and error are pipes. */
        public static final TerminalSize NONE = new TerminalSize(0, 0);
    }

    /** As a payload. */
    public byte[] encode() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(terminal.rows());
            out.writeInt(terminal.columns());
            writeString(out, directory);
            out.writeInt(command.size());
            for (String word : command) {
                writeString(out, word);
            }
            out.writeInt(environment.size());
            for (Map.Entry<String, String> variable : environment.entrySet()) {
                writeString(out, variable.getKey());
                writeString(out, variable.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** From a payload. */
    public static StartRequest decode(byte[] payload) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(payload));
        TerminalSize terminal = new TerminalSize(in.readInt(), in.readInt());
        String directory = readString(in);
        int words = in.readInt();
        List<String> command = new ArrayList<>();
        for (int i = 0; i < words; i++) {
            command.add(readString(in));
        }
        int variables = in.readInt();
        Map<String, String> environment = new LinkedHashMap<>();
        for (int i = 0; i < variables; i++) {
            environment.put(readString(in), readString(in));
        }
        return new StartRequest(command, directory, environment, terminal);
    }

    private static void writeString(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String readString(DataInputStream in) throws IOException {
        return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    }
}
