package vmm.bench.hotplug;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import vmm.control.QmpClient;
import vmm.linux.HostException;

/** A guest that tells of disks that come and go, the VMM that runs it, and the VMM's control socket. */
final class RunningGuest implements AutoCloseable {
    private static final Duration BOOT = Duration.ofMinutes(4);
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    /** Firmware prepares a terminal, and ends no line then. */
    private static final Pattern FIRMWARE = Pattern.compile("\\u001b(c|\\[[0-9;?]*[A-Za-z])");

    private static final String DELETED = "DEVICE_DELETED";

    /** What tells of the end of an unplugging. */
    private static final Set<String> ANSWERS = Set.of(DELETED, "DEVICE_UNPLUG_GUEST_ERROR");

    private static final String LISTENING = "listening";

    private final Process process;
    private final QmpClient control;

    /** What the guest said that nobody has asked for. Guarded by this. */
    private final ArrayDeque<Line> lines = new ArrayDeque<>();

    /** Guarded by this. */
    private boolean ended;

    /**
     * A line on the console.
     *
     * @param nanos when its first letter came, by {@link System#nanoTime}: the console takes long for all of it
     */
    record Line(String text, long nanos) {}

    private RunningGuest(Process process, Path socket) throws IOException, InterruptedException {
        this.process = process;
        Thread.ofPlatform().daemon().name("console").start(this::listen);
        await(line -> line.equals(LISTENING), BOOT);
        this.control = QmpClient.connect(socket);
    }

    /** Boots; the disks that stay are made in {@code folder}, which is the machine's. */
    static RunningGuest boot(Vmm vmm, GuestFiles files, Path folder) throws IOException, InterruptedException {
        for (int disk = 0; disk < Vmm.STAYING; disk++) {
            Images.make(Vmm.stays(folder, disk), 16 << 20, "stays" + disk);
        }
        Process process = Vmm.start(new ProcessBuilder(vmm.command(files, folder)));
        try {
            return new RunningGuest(process, Vmm.socket(folder));
        } catch (IOException | InterruptedException | RuntimeException failure) {
            end(process);
            throw failure;
        }
    }

    private void listen() {
        try (InputStream in = new BufferedInputStream(process.getInputStream())) {
            StringBuilder text = new StringBuilder();
            long begun = 0;
            for (int next = in.read(); next >= 0; next = in.read()) {
                if (next == '\n') {
                    heard(new Line(FIRMWARE.matcher(text).replaceAll("").strip(), begun));
                    text.setLength(0);
                } else {
                    begun = text.isEmpty() ? System.nanoTime() : begun;
                    text.append((char) next);
                }
            }
        } catch (IOException gone) {
            // Told by what follows.
        }
        synchronized (this) {
            ended = true;
            notifyAll();
        }
    }

    private synchronized void heard(Line line) {
        lines.add(line);
        notifyAll();
    }

    /** Takes the next line that is wanted, and those before it. */
    Line await(Predicate<String> wanted, Duration time) throws InterruptedException {
        List<String> others = new ArrayList<>();
        long deadline = System.nanoTime() + time.toNanos();
        synchronized (this) {
            while (true) {
                for (Line line = lines.poll(); line != null; line = lines.poll()) {
                    if (wanted.test(line.text())) {
                        return line;
                    }
                    if (line.text().startsWith("!")) {
                        throw new HostException(
                                "The guest complains: " + line.text().substring(1) + ".");
                    }
                    others.add(line.text());
                }
                long left = deadline - System.nanoTime();
                if (ended || left <= 0) {
                    throw new HostException((ended ? "The guest ended" : "The guest did not see it in time")
                            + "; what it said last: "
                            + String.join(" | ", others.subList(Math.max(0, others.size() - 8), others.size())) + ".");
                }
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        }
    }

    /** As {@link #await(Predicate, Duration)}, for as long as one waits for a disk. */
    Line await(Predicate<String> wanted) throws InterruptedException {
        return await(wanted, PATIENCE);
    }

    /** Waits for the word that one of these devices is gone. */
    QmpClient.Event awaitDeleted(List<String> ids) throws IOException, InterruptedException {
        Optional<QmpClient.Event> answer = control.awaitEvent(
                event -> ANSWERS.contains(event.name())
                        && ids.contains(event.data().path("device").stringValue("")),
                PATIENCE);
        if (answer.isEmpty()) {
            // A guest that has come to a standstill says nothing here, either, which is told then.
            askState();
            throw new HostException("The guest runs, and did not let go of " + ids + " in time.");
        }
        if (!answer.get().name().equals(DELETED)) {
            throw new HostException("The guest does not let go of " + ids + ".");
        }
        return answer.get();
    }

    /** The way to the VMM. */
    QmpClient control() {
        return control;
    }

    /** The VMM's process. */
    long pid() {
        return process.pid();
    }

    /**
     * How often fio has written and checked each disk that stays.
     *
     * @throws HostException if the guest's kernel has something to complain of
     */
    String askState() throws IOException, InterruptedException {
        OutputStream keyboard = process.getOutputStream();
        keyboard.write("\r".getBytes(StandardCharsets.US_ASCII));
        keyboard.flush();
        return await(line -> line.startsWith("=")).text().substring(1);
    }

    private static void end(Process process) {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        try {
            control.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            end(process);
        }
    }
}
