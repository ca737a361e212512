package vmm.launcher;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;
import vmm.control.QmpClient;
import vmm.linux.HostException;
import vmm.linux.Terminal;

/** {@code vmm console}: connects the terminal with a running machine's serial port. */
@Command(
        name = "console",
        description = "Connects the terminal with a running machine's serial port.",
        footer = {
            "",
            "Every key goes to the guest but Ctrl-], which leaves the console and lets the machine run on. The machine's"
                    + " serial port has to lead to a socket: --serial unix, or <console type='pty'/> in a description."
                    + " One client at a time has the line.",
            "",
            "Example:",
            "  vmm run web --serial unix --disk file=web.img &",
            "  vmm console web",
            "",
            "Exit status: 0 you left or the machine ended, 1 there is nothing to connect with."
        })
final class ConsoleCommand extends ControlCommand {
    /** Ctrl-], as in virsh and telnet. */
    static final int ESCAPE = 0x1d;

    private static final int SIZE = 4096;

    ConsoleCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        Path socket = serialSocket();
        try (SocketChannel line = connect(socket)) {
            Optional<Terminal> terminal = Terminal.takeOverWholly();
            try {
                terminal.ifPresent(
                        _ -> console().err().print("vmm: Connected to " + name() + "; Ctrl-] leaves it.\r\n"));
                talk(line, terminal.isPresent());
            } finally {
                terminal.ifPresent(Terminal::close);
                if (terminal.isPresent()) {
                    console().err().println();
                }
            }
        }
        return 0;
    }

    private SocketChannel connect(Path socket) throws IOException {
        SocketChannel line = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            line.connect(UnixDomainSocketAddress.of(socket));
            return line;
        } catch (IOException e) {
            line.close();
            throw new HostException(
                    "The serial port of " + name() + " at " + socket + " takes nobody (" + e.getMessage()
                            + "): it may just have ended; see vmm list.",
                    e);
        }
    }

    /** Where the machine's serial port is. */
    private Path serialSocket() throws IOException {
        try (QmpClient client = connect()) {
            for (JsonNode device : client.execute("query-chardev")) {
                if (device.path("label").stringValue("").equals("serial0")) {
                    return socket(device.path("filename").stringValue(""));
                }
            }
        }
        throw new HostException("The machine " + name() + " has no serial port.");
    }

    /** The path in {@code unix:PATH,server=on}. */
    private Path socket(String filename) {
        if (filename.startsWith("unix:")) {
            String path = filename.substring("unix:".length());
            return Path.of(path.replaceFirst(",server=on$", ""));
        }
        String where = switch (filename) {
            case "stdio" -> "the terminal that it was started from";
            case "file" -> "a file";
            default -> "nowhere";
        };
        throw new HostException("The serial port of " + name() + " leads to " + where
                + ": start the machine with --serial unix to reach it from here.");
    }

    /** Carries bytes both ways until the machine hangs up, or the user leaves. */
    private void talk(SocketChannel line, boolean hasEscape) throws IOException {
        Thread.ofPlatform().name("console-input").daemon().start(() -> {
            try {
                carry(new FileInputStream(FileDescriptor.in), line, hasEscape);
            } catch (IOException hungUp) {
                // The other direction finds out, too.
            }
        });
        OutputStream out = console().out();
        InputStream in = Channels.newInputStream(line);
        byte[] bytes = new byte[SIZE];
        try {
            for (int length = in.read(bytes); length >= 0; length = in.read(bytes)) {
                out.write(bytes, 0, length);
                out.flush();
            }
        } catch (IOException left) {
            // The user did, or the machine was killed.
        }
    }

    /**
     * Sends what is typed. The end of the input is no reason to leave: whoever has none wants to see the output.
     *
     * @param hasEscape true if the escape character leaves the console
     */
    static void carry(InputStream typed, SocketChannel line, boolean hasEscape) throws IOException {
        byte[] bytes = new byte[SIZE];
        for (int length = typed.read(bytes); length >= 0; length = typed.read(bytes)) {
            int sent = hasEscape ? indexOfEscape(bytes, length) : length;
            for (ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, sent); buffer.hasRemaining(); ) {
                line.write(buffer);
            }
            if (sent < length) {
                line.close();
                return;
            }
        }
    }

    private static int indexOfEscape(byte[] bytes, int length) {
        int at = 0;
        while (at < length && bytes[at] != ESCAPE) {
            at++;
        }
        return at;
    }
}
