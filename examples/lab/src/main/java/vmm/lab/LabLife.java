package vmm.lab;

import java.io.IOException;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import vmm.lab.agent.FrameType;
import vmm.linux.HostException;

/** How a lab comes to be and ends. One process at a time starts or stops it. */
final class LabLife {
    private static final Duration BOOT_LIMIT = Duration.ofMinutes(4);
    private static final Duration POWER_OFF_LIMIT = Duration.ofSeconds(15);
    private static final String START_LOCK = "start";

    private final LabConfig config;
    private final LabDirectory directory;
    private final Progress progress;

    LabLife(LabConfig config, Progress progress) {
        this.config = config;
        this.directory = new LabDirectory(config.directory());
        this.progress = progress;
    }

    LabDirectory directory() {
        return directory;
    }

    /** A connection to the running lab, or to a new one. */
    LabSession joinOrStart() {
        directory.prepare();
        FileLock starting = lockStart();
        try {
            if (directory.emulator().isPresent()) {
                checkSettings();
                try {
                    return connect(config.unresponsive());
                } catch (IOException e) {
                    progress.step("The running lab does not answer (" + e.getMessage() + "); starting another");
                    LabMachine.kill(directory);
                }
            }
            return start();
        } finally {
            release(starting);
        }
    }

    private LabSession start() {
        directory.sweep();
        LabImages images = LabImages.prepare(config.cache(), progress);
        progress.step("Starting the lab: Linux with nested KVM on an emulated machine of " + config.vcpus()
                + " processors and " + config.memoryMiB() + " MiB");
        Instant begin = Instant.now();
        try {
            Files.createDirectories(config.share());
            Files.write(directory.settings(), List.of(config.share().toString()));
        } catch (IOException e) {
            throw new HostException("Cannot create the lab's folder for results " + config.share() + ".", e);
        }
        images.writeInitramfs(config, directory.initramfs());
        LabMachine.start(config, directory, images);
        try {
            LabSession session = connect(BOOT_LIMIT);
            progress.step("The lab is up after "
                    + Duration.between(begin, Instant.now()).toSeconds() + " s");
            return session;
        } catch (IOException e) {
            LabMachine.kill(directory);
            throw new HostException(
                    "The lab did not come up (" + e.getMessage() + "); the end of " + directory.console() + ":\n"
                            + LabMachine.lastWords(directory),
                    e);
        }
    }

    private void checkSettings() {
        try {
            Path share = Path.of(Files.readAllLines(directory.settings()).getFirst());
            if (!share.equals(config.share())) {
                throw new HostException("The running lab shares " + share + ", not " + config.share()
                        + "; use that folder, or stop the lab first with `vmm lab stop`.");
            }
        } catch (IOException e) {
            throw new HostException("Cannot read " + directory.settings() + ": " + e.getMessage() + ".", e);
        }
    }

    private LabSession connect(Duration patience) throws IOException {
        for (int port = 0; port < LabDirectory.PORTS; port++) {
            @Nullable FileLock lock = directory.tryLock("port-" + port);
            if (lock != null) {
                return connect(port, lock, patience);
            }
        }
        throw new HostException(LabDirectory.PORTS + " programs use the lab already; wait until one of them is done.");
    }

    private LabSession connect(int port, FileLock lock, Duration patience) throws IOException {
        try {
            return LabSession.connect(directory.port(port), lock, patience, config.unresponsive());
        } catch (IOException e) {
            release(lock);
            throw e;
        }
    }

    /** As {@link Lab#stop}. */
    boolean stop() {
        directory.prepare();
        FileLock starting = lockStart();
        try {
            Optional<ProcessHandle> emulator = directory.emulator();
            emulator.ifPresent(this::powerOff);
            directory.sweep();
            return emulator.isPresent();
        } finally {
            release(starting);
        }
    }

    private void powerOff(ProcessHandle emulator) {
        progress.step("Stopping the lab");
        try (LabSession session = connect(Duration.ofSeconds(5))) {
            session.send(FrameType.SHUTDOWN, 0, new byte[0], 0);
            emulator.onExit().get(POWER_OFF_LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (IOException
                | HostException
                | TimeoutException
                | ExecutionException
                | CancellationException
                | CompletionException e) {
            // It does not listen: the hard way.
            LabMachine.kill(directory);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    LabStatus status() {
        Optional<ProcessHandle> emulator = directory.emulator();
        Duration up = emulator.flatMap(process -> process.info().startInstant())
                .map(begin -> Duration.between(begin, Instant.now()))
                .orElse(Duration.ZERO);
        int clients = 0;
        for (int port = 0; emulator.isPresent() && port < LabDirectory.PORTS; port++) {
            @Nullable FileLock lock = directory.tryLock("port-" + port);
            if (lock == null) {
                clients++;
            } else {
                release(lock);
            }
        }
        return new LabStatus(
                emulator.isPresent(),
                emulator.map(ProcessHandle::pid).orElse(0L),
                up,
                clients,
                config.directory(),
                config.share());
    }

    private FileLock lockStart() {
        @Nullable FileLock lock = directory.tryLock(START_LOCK);
        boolean told = false;
        while (lock == null) {
            if (!told) {
                progress.step("Waiting for another program that starts or stops the lab");
                told = true;
            }
            try {
                Thread.sleep(100);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new HostException("Interrupted while another program started or stopped the lab.", e);
            }
            lock = directory.tryLock(START_LOCK);
        }
        return lock;
    }

    private static void release(FileLock lock) {
        try {
            lock.acquiredBy().close();
        } catch (IOException e) {
            throw new HostException("Cannot release a lock of the lab: " + e.getMessage() + ".", e);
        }
    }
}
