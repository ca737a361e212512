package vmm.lab;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.lab.agent.StartRequest;
import vmm.linux.HostException;

/**
 * A connection to the lab: runs commands in it, and starts it whenever it is not running.
 *
 * <p>The lab is a daemon. It outlives this object and this JVM, is found and used by others of the same user, and
 * powers itself off after {@link LabConfig#idle}. Any thread may call any method; commands run side by side.
 */
public final class Lab implements AutoCloseable {
    /** The exit status of a command that its time limit ended, as coreutils' {@code timeout} has it. */
    public static final int TIMED_OUT = 124;

    private static final Logger LOG = LoggerFactory.getLogger(Lab.class);
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final String BUSYBOX = "/run/vmm-lab/busybox";

    private final LabConfig config;
    private final LabLife life;
    private @Nullable LabSession session;
    private boolean closed;

    private Lab(LabConfig config, Progress progress) {
        this.config = config;
        this.life = new LabLife(config, progress);
    }

    /**
     * Joins the lab, or starts it, getting what it needs.
     *
     * @throws HostException if something is missing that this user may not install, or the lab does not come up
     */
    public static Lab start(LabConfig config, Progress progress) {
        Lab lab = new Lab(config, progress);
        lab.session();
        return lab;
    }

    /** Why there can be no lab here, or an empty string if nothing speaks against it. */
    public static String obstacle() {
        return LabImages.obstacle();
    }

    /** Whether the lab answers. */
    public synchronized boolean isAlive() {
        return session != null && session.isOpen();
    }

    /** The folder to which commands may write; it has this path inside the lab as well. */
    public Path share() {
        return config.share();
    }

    /**
     * Runs a command and waits for its end, with all output delivered.
     *
     * @param command a program, looked up in the environment's PATH inside the lab, and its arguments
     * @return its exit status, 128 plus the signal that ended it, or {@link #TIMED_OUT}
     * @throws HostException if the lab ended before the command did; the next call starts a new lab
     */
    public int run(List<String> command, RunOptions options) {
        LabSession current = session();
        for (String module : options.modules()) {
            insert(current, module);
        }
        return run(current, command, options);
    }

    private int run(LabSession current, List<String> command, RunOptions options) {
        Map<String, String> environment = new LinkedHashMap<>(options.environment());
        environment.put("VMM_LAB", "1");
        environment.put("VMM_LAB_SHARE", config.share().toString());
        StartRequest request = new StartRequest(
                command, options.directory().toAbsolutePath().toString(), environment, options.terminal());
        @Nullable Thread forwarder = null;
        try {
            CommandWatch watch = new CommandWatch(options);
            LabCommand running = current.start(request, watch.options());
            if (options.forwardSignals()) {
                forwarder = Thread.ofPlatform().unstarted(() -> interruptAndHalt(running));
                Runtime.getRuntime().addShutdownHook(forwarder);
            }
            boolean ended = watch.await(running::await);
            if (!ended && !end(running)) {
                kill(current);
            }
            int status = running.await();
            if (!ended) {
                return TIMED_OUT;
            }
            if (running.isLost()) {
                throw lost(current, command);
            }
            return status;
        } catch (IOException e) {
            throw lost(current, command);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException("Interrupted while the lab ran " + command.getFirst() + ".", e);
        } finally {
            unhook(forwarder);
        }
    }

    /** Asks a command to end, with growing force; false if nothing helps. */
    private static boolean end(LabCommand running) throws InterruptedException {
        running.signalQuietly(LabCommand.SIGTERM);
        if (running.await(GRACE)) {
            return true;
        }
        running.signalQuietly(LabCommand.SIGKILL);
        return running.await(GRACE.multipliedBy(3));
    }

    /** Runs as the JVM ends: the command gets what the JVM got, and its status becomes the JVM's. */
    private static void interruptAndHalt(LabCommand running) {
        try {
            running.signalQuietly(LabCommand.SIGINT);
            if (!running.await(GRACE)) {
                end(running);
            }
            if (running.await(Duration.ZERO)) {
                Runtime.getRuntime().halt(running.isLost() ? 1 : running.await());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void unhook(@Nullable Thread forwarder) {
        if (forwarder == null) {
            return;
        }
        try {
            Runtime.getRuntime().removeShutdownHook(forwarder);
        } catch (IllegalStateException e) {
            // The JVM is ending; the hook has the last word, with the command's status.
            try {
                forwarder.join();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void insert(LabSession current, String module) {
        ByteArrayOutputStream words = new ByteArrayOutputStream();
        List<String> command = new ArrayList<>(List.of(BUSYBOX, "modprobe"));
        command.addAll(List.of(module.strip().split("\\s+")));
        RunOptions options =
                RunOptions.quiet().in(Path.of("/")).withStreams(InputStream.nullInputStream(), words, words);
        if (run(current, command, options) != 0) {
            throw new HostException("The lab's kernel cannot load " + module + ": "
                    + words.toString(StandardCharsets.UTF_8).strip());
        }
    }

    private HostException lost(LabSession current, List<String> command) {
        String how = current.isUnresponsive()
                ? "gave no sign of life for " + config.unresponsive().toSeconds() + " s and was killed"
                : "ended";
        LOG.debug("the lab's console: {}", LabMachine.lastWords(life.directory()));
        kill(current);
        return new HostException(
                "The lab " + how + " while it ran " + command.getFirst() + "; the next command starts a new one, and "
                        + life.directory().console() + " has its kernel's last words.");
    }

    private void kill(LabSession current) {
        current.close();
        LabMachine.kill(life.directory());
    }

    private synchronized LabSession session() {
        if (closed) {
            throw new IllegalStateException("this lab was closed");
        }
        if (session == null || !session.isOpen()) {
            session = life.joinOrStart();
        }
        return session;
    }

    /** What is known of the lab of this configuration. */
    public static LabStatus status(LabConfig config) {
        return new LabLife(config, Progress.silent()).status();
    }

    /**
     * Powers the lab off, with whatever runs in it, and clears its folder.
     *
     * @return false if it was not running
     */
    public static boolean stop(LabConfig config, Progress progress) {
        return new LabLife(config, progress).stop();
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (session != null) {
            session.close();
        }
    }
}
