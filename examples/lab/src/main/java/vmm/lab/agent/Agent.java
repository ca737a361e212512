package vmm.lab.agent;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The lab's side inside L1: serves one client on each virtio-serial port, feeds the watchdog, and ends, which powers L1
 * off, when nobody has wanted anything for a while or a client says so.
 */
public final class Agent implements AgentHost {
    /** Ports of this name and a number belong to the agent. */
    public static final String PORT_NAME = "vmm.lab.";

    private static final Path PORTS = Path.of("/sys/class/virtio-ports");
    private static final Path WATCHDOG = Path.of("/dev/watchdog");
    private static final Path DROP_CACHES = Path.of("/proc/sys/vm/drop_caches");
    private static final long WATCHDOG_PERIOD_MS = 5_000;

    /** How often a port without a client is looked at: reading it returns at once, and nothing tells of a client. */
    private static final long PORT_POLL_MS = 100;

    private final Path scratch;
    private final List<String> tools;
    private final Runnable freshen;
    private final long idleNanos;
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicLong lastUse = new AtomicLong(System.nanoTime());
    private final CountDownLatch over = new CountDownLatch(1);

    /**
     * An agent without ports.
     *
     * @param freshen called before every command
     */
    Agent(Path scratch, List<String> tools, Runnable freshen, long idleSeconds) {
        this.scratch = scratch;
        this.tools = tools;
        this.freshen = freshen;
        this.idleNanos = idleSeconds * 1_000_000_000L;
    }

    /**
     * Runs in L1.
     *
     * @param args a scratch folder, the path of a busybox, and after how many idle seconds to end
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        Agent agent = new Agent(Path.of(args[0]), List.of(args[1]), Agent::dropNames, Long.parseLong(args[2]));
        for (Path port : ports()) {
            Thread.ofPlatform().daemon().name(port.toString()).start(() -> agent.serve(port));
        }
        agent.superviseUntilOver();
    }

    private static List<Path> ports() throws IOException {
        List<Path> ports = new ArrayList<>();
        try (Stream<Path> entries = Files.list(PORTS)) {
            for (Path entry : entries.toList()) {
                if (Files.readString(entry.resolve("name")).startsWith(PORT_NAME)) {
                    ports.add(Path.of("/dev").resolve(entry.getFileName()));
                }
            }
        }
        return ports;
    }

    private void serve(Path device) {
        try (VirtioPort port = new VirtioPort(device)) {
            Link link = new Link(port);
            while (over.getCount() > 0) {
                serveClients(link);
                link.discardInput();
                Thread.sleep(PORT_POLL_MS);
            }
        } catch (IOException | InterruptedException e) {
            System.err.println("agent: " + device + ": " + e);
            over.countDown();
        }
    }

    private void serveClients(Link link) {
        try {
            serveConnection(link);
        } catch (IOException e) {
            // One client's trouble; the next one opens a session of its own.
            System.err.println("agent: " + e.getMessage());
        }
    }

    /** Serves the clients of {@code link}, one after the other, until the connection ends. */
    void serveConnection(Link link) throws IOException {
        @Nullable Frame hello = link.hunt(FrameType.HELLO, null);
        while (hello != null) {
            lastUse.set(System.nanoTime());
            hello = new AgentSession(link, hello.session(), this).serve();
        }
    }

    private void superviseUntilOver() throws IOException, InterruptedException {
        try (FileOutputStream watchdog = new FileOutputStream(WATCHDOG.toFile())) {
            while (!over.await(WATCHDOG_PERIOD_MS, TimeUnit.MILLISECONDS)) {
                watchdog.write('.');
                if (running.get() == 0 && System.nanoTime() - lastUse.get() > idleNanos) {
                    over.countDown();
                }
            }
            // The magic close, which lets the watchdog sleep while the machine goes down.
            watchdog.write('V');
        }
    }

    /**
     * Makes L1 look at the host's files anew. 9p's loose cache never does by itself; without its dentries it asks
     * again, and keeps the cached pages of every file whose time and size are what they were. Overlay dentries hold
     * 9p's, so it takes more than one round.
     */
    private static void dropNames() {
        try {
            for (int round = 0; round < 3; round++) {
                Files.writeString(DROP_CACHES, "2");
            }
        } catch (IOException e) {
            System.err.println("agent: " + e);
        }
    }

    @Override
    public Path scratch() {
        return scratch;
    }

    @Override
    public List<String> tools() {
        return tools;
    }

    @Override
    public void commandStarts() {
        running.incrementAndGet();
        freshen.run();
    }

    @Override
    public void commandEnded() {
        running.decrementAndGet();
        lastUse.set(System.nanoTime());
    }

    @Override
    public void shutDown() {
        over.countDown();
    }
}
