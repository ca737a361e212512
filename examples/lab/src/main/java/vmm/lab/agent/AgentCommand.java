package vmm.lab.agent;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One running command: a process in a session of its own, so that a signal reaches all of its group.
 *
 * <p>Output comes through named pipes rather than through {@link Process#getInputStream}: that stream is drained by the
 * JDK's reaper when the process exits, while a reader may hold a later piece of it in its hands.
 */
final class AgentCommand {
    private static final int SIGHUP = 1;
    private static final int SIGKILL = 9;

    /** A shell's status for a command that cannot be run. */
    private static final int CANNOT_RUN = 126;

    private static final int CHUNK = 32 * 1024;

    /** How long output may follow the end of the command, from a child that it left behind. */
    private static final long AFTERMATH_MS = 1_000;

    /** How long a reader has to notice the end of its pipe before it is told again. */
    private static final long RELEASE_MS = 10;

    private final AgentSession session;
    private final int channel;
    private final AgentHost host;
    private final Window outWindow = new Window();
    private final Window errWindow = new Window();
    private volatile @Nullable Process process;
    private volatile @Nullable Inflow input;
    private volatile boolean abandoned;

    /** Input that arrived before the process did. Guarded by this. */
    private final List<byte[]> early = new ArrayList<>();

    AgentCommand(AgentSession session, int channel, AgentHost host) {
        this.session = session;
        this.channel = channel;
        this.host = host;
    }

    void start(StartRequest request) {
        Thread.ofPlatform().daemon().name("command-" + channel).start(() -> run(request));
    }

    private void run(StartRequest request) {
        int status = CANNOT_RUN;
        @Nullable Path pipes = null;
        try {
            pipes = Files.createTempDirectory(host.scratch(), "command");
            status = run(request, pipes);
        } catch (IOException e) {
            complain(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (pipes != null) {
                delete(pipes);
            }
            end(status);
        }
    }

    private int run(StartRequest request, Path pipes) throws IOException, InterruptedException {
        Path out = pipes.resolve("out");
        Path err = pipes.resolve("err");
        exec(List.of("mkfifo", out.toString(), err.toString()));
        ProcessBuilder builder = new ProcessBuilder(commandLine(request))
                .directory(new File(request.directory()))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().putAll(request.environment());
        // Opening one end of a pipe waits for the other: the readers come first, on threads of their own.
        Thread outPump = pump(FrameType.STDOUT, out, outWindow);
        Thread errPump = pump(FrameType.STDERR, err, errWindow);
        Process started;
        try {
            started = builder.start();
        } catch (IOException e) {
            // The builder opened and closed what it could; a reader still waiting is let go by a writer.
            release(out, outPump);
            release(err, errPump);
            throw e;
        }
        accept(started);
        int status = started.waitFor();
        outPump.join(AFTERMATH_MS);
        errPump.join(outPump.isAlive() ? 1 : AFTERMATH_MS);
        // A pump with output in hand is waiting for the client, which may take its time.
        while (!abandoned && (outWindow.isWaiting() || errWindow.isWaiting())) {
            outPump.join(AFTERMATH_MS);
            errPump.join(1);
        }
        return status;
    }

    private List<String> commandLine(StartRequest request) {
        // util-linux's, from the host's tree: busybox's would run an applet where the host has a program.
        List<String> line = new ArrayList<>(List.of("/usr/bin/setsid"));
        if (request.terminal().rows() > 0) {
            String size = "stty rows " + request.terminal().rows() + " cols "
                    + request.terminal().columns();
            StringBuilder shell = new StringBuilder(size).append("; exec");
            request.command().forEach(word -> shell.append(' ').append(quote(word)));
            line.addAll(List.of("script", "-qfec", shell.toString(), "/dev/null"));
        } else {
            line.addAll(request.command());
        }
        return line;
    }

    private static String quote(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }

    private synchronized void accept(Process started) {
        process = started;
        Inflow sink = new Inflow(
                "stdin-" + channel,
                started.getOutputStream(),
                true,
                count -> session.send(FrameType.CREDIT, channel, Frame.ints(FrameType.STDIN.code(), count)),
                () -> {});
        early.forEach(sink::put);
        input = sink;
        if (abandoned) {
            abandon();
        }
    }

    void input(byte[] bytes) {
        Inflow sink = input;
        if (sink == null) {
            synchronized (this) {
                sink = input;
                if (sink == null) {
                    early.add(bytes);
                    return;
                }
            }
        }
        sink.put(bytes);
    }

    void credit(FrameType stream, int count) {
        (stream == FrameType.STDERR ? errWindow : outWindow).release(count);
    }

    /** Sends {@code number} to the command's process group. */
    void signal(int number) {
        Process target = process;
        if (target != null && target.isAlive()) {
            Thread.ofPlatform().daemon().start(() -> kill(target, number));
        }
    }

    private void kill(Process target, int number) {
        try {
            exec(List.of("kill", "-" + number, "--", "-" + target.pid()));
        } catch (IOException e) {
            // The group is gone already.
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The client is gone: so must the command be, as on a terminal that hangs up. */
    void abandon() {
        abandoned = true;
        outWindow.close();
        errWindow.close();
        Process target = process;
        if (target == null) {
            return;
        }
        Thread.ofPlatform().daemon().start(() -> {
            kill(target, SIGHUP);
            try {
                target.waitFor(2, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            kill(target, SIGKILL);
        });
    }

    private Thread pump(FrameType stream, Path pipe, Window window) {
        return Thread.ofPlatform().daemon().name(stream + "-" + channel).start(() -> {
            byte[] buffer = new byte[CHUNK];
            try (InputStream in = new FileInputStream(pipe.toFile())) {
                int count = in.read(buffer);
                while (count > 0 && window.acquire(count)) {
                    session.send(stream, channel, buffer, count);
                    count = in.read(buffer);
                }
            } catch (IOException e) {
                // The client is gone; closing the pipe tells the command.
                return;
            }
        });
    }

    /**
     * Lets a reader of the pipe find its end. Opened for both directions, since a mere writer would wait for a reader,
     * for ever if that has just gone.
     */
    private static void release(Path pipe, Thread reader) throws InterruptedException {
        while (reader.isAlive()) {
            try {
                new RandomAccessFile(pipe.toFile(), "rw").close();
            } catch (IOException e) {
                return;
            }
            reader.join(RELEASE_MS);
        }
    }

    private void exec(List<String> command) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(host.tools());
        line.addAll(command);
        Process tool = new ProcessBuilder(line)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (tool.waitFor() != 0) {
            throw new IOException(command.getFirst() + " failed");
        }
    }

    private void complain(IOException trouble) {
        byte[] text = ("lab: " + trouble.getMessage() + "\n").getBytes(StandardCharsets.UTF_8);
        try {
            if (errWindow.acquire(text.length)) {
                session.send(FrameType.STDERR, channel, text);
            }
        } catch (IOException e) {
            // Nobody is left to complain to.
            return;
        }
    }

    private void end(int status) {
        try {
            session.send(FrameType.STDOUT, channel, new byte[0]);
            session.send(FrameType.STDERR, channel, new byte[0]);
            session.send(FrameType.EXIT, channel, Frame.ints(status));
        } catch (IOException e) {
            // The client is gone, and does not care.
            abandoned = true;
        } finally {
            session.ended(channel);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            // A tmpfs of a machine that is thrown away.
            return;
        }
    }
}
