package vmm.lab.agent;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One client's time on a port: its commands live no longer than it does. Frames are taken by the port's thread; answers
 * come from the commands' threads.
 */
final class AgentSession {
    private final Link link;
    private final int id;
    private final AgentHost host;
    private final Map<Integer, AgentCommand> commands = new ConcurrentHashMap<>();
    private volatile boolean over;

    AgentSession(Link link, int id, AgentHost host) {
        this.link = link;
        this.id = id;
        this.host = host;
    }

    /**
     * Serves until the connection ends.
     *
     * @return the frame with which another client began, or null
     */
    @Nullable
    Frame serve() throws IOException {
        try {
            send(FrameType.WELCOME, 0, Frame.ints(Link.PROTOCOL_VERSION));
            for (Frame frame = link.receive(); frame != null; frame = link.receive()) {
                if (frame.type() == FrameType.HELLO) {
                    return frame;
                }
                take(frame);
            }
            return null;
        } finally {
            over = true;
            commands.values().forEach(AgentCommand::abandon);
        }
    }

    private void take(Frame frame) throws IOException {
        int channel = frame.channel();
        AgentCommand command = commands.get(channel);
        switch (frame.type()) {
            case START -> start(channel, StartRequest.decode(frame.payload()));
            case STDIN -> {
                if (command != null) {
                    command.input(frame.payload());
                }
            }
            case CREDIT -> {
                if (command != null) {
                    command.credit(FrameType.ofCode(frame.intAt(0)), frame.intAt(4));
                }
            }
            case SIGNAL -> {
                if (command != null) {
                    command.signal(frame.intAt(0));
                }
            }
            case PING -> send(FrameType.PONG, 0, frame.payload());
            case SHUTDOWN -> host.shutDown();
            case HELLO, WELCOME, STDOUT, STDERR, EXIT, PONG -> throw new IOException("the client sent " + frame.type());
        }
    }

    private void start(int channel, StartRequest request) {
        host.commandStarts();
        AgentCommand command = new AgentCommand(this, channel, host);
        commands.put(channel, command);
        command.start(request);
    }

    /** The command's last frame is on its way. */
    void ended(int channel) {
        commands.remove(channel);
        host.commandEnded();
    }

    void send(FrameType type, int channel, byte[] payload) throws IOException {
        send(type, channel, payload, payload.length);
    }

    void send(FrameType type, int channel, byte[] payload, int length) throws IOException {
        if (over) {
            throw new IOException("the client is gone");
        }
        link.send(id, type, channel, payload, 0, length);
    }
}
