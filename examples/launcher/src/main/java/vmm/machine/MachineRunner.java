package vmm.machine;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.block.BlockRequest.Operation;
import vmm.block.DiskErrorListener;
import vmm.block.ErrorPolicyDisk;
import vmm.control.ControlSocket;
import vmm.control.Controlled;
import vmm.control.RunState;
import vmm.firmware.bios.Firmware;
import vmm.kvm.Kvm;
import vmm.platform.RtcMemory;

/**
 * Runs a machine from its first life to its last: a reset by the guest ends one life and begins the next, with the same
 * disks and console.
 *
 * <p>While it runs, SIGINT and SIGTERM stop the machine, flush the disks and give the terminal back before the process
 * ends.
 */
public final class MachineRunner implements Controlled {
    private static final Logger log = LoggerFactory.getLogger(MachineRunner.class);

    /** How long a signal waits for the machine to stop and the disks to be flushed. */
    private static final long STOP_SECONDS = 60;

    private final MachineConfig config;
    private final Consumer<String> user;
    private final CountDownLatch finished = new CountDownLatch(1);

    /** Guarded by this. */
    private @Nullable Machine current;

    /** Of the current life. Guarded by this. */
    private @Nullable DiskWatch watch;

    /** Guarded by this. */
    private boolean stopped;

    /**
     * A runner for one machine.
     *
     * @param user gets a sentence when the machine is paused because a disk cannot be used, and when it goes on
     */
    public MachineRunner(MachineConfig config, Consumer<String> user) {
        this.config = config;
        this.user = user;
    }

    /**
     * Runs the machine and waits until it has ended. Everything it held is given back by then.
     *
     * @throws vmm.linux.HostException if it cannot be started; nothing of the guest has run then
     */
    public MachineEnd run() throws InterruptedException {
        Thread hook = new Thread(this::stopForSignal, "stop");
        Runtime.getRuntime().addShutdownHook(hook);
        try (Teardown teardown = new Teardown()) {
            Optional<ControlSocket> control =
                    config.control().map(path -> teardown.opened(ControlSocket.open(path, this)));
            Kvm kvm = teardown.opened(Kvm.open());
            OpenDisks disks = teardown.opened(OpenDisks.open(config.disks(), new CurrentWatch()));
            Optional<Firmware> firmware = config.boot() instanceof Boot.Firmware boot
                    ? Optional.of(teardown.opened(boot.source().open()))
                    : Optional.empty();
            Console console = teardown.opened(Console.open(config.serial()));
            Lasting lasting = new Lasting(disks, firmware, console, new RtcMemory());
            MachineEnd end = live(kvm, lasting, control);
            while (end instanceof MachineEnd.Reset reset && config.rebootOnReset()) {
                log.info("The guest resets the machine by {}.", reset.cause());
                end = live(kvm, lasting, control);
            }
            return end;
        } finally {
            finished.countDown();
            removeHook(hook);
        }
    }

    private MachineEnd live(Kvm kvm, Lasting lasting, Optional<ControlSocket> control) throws InterruptedException {
        // The watch ends first, so that it does not take the end of a request in a machine's teardown for good news.
        try (Machine machine = Machine.assemble(config, kvm, lasting);
                DiskWatch diskWatch = new DiskWatch(machine, user)) {
            if (!begin(machine, diskWatch)) {
                return new MachineEnd.Stopped();
            }
            if (control.isPresent()) {
                control.get().awaitReady();
            }
            machine.start();
            return machine.await();
        } finally {
            endLife();
        }
    }

    private synchronized boolean begin(Machine machine, DiskWatch diskWatch) {
        current = machine;
        watch = diskWatch;
        return !stopped;
    }

    private synchronized void endLife() {
        current = null;
        watch = null;
    }

    private synchronized @Nullable DiskWatch watch() {
        return watch;
    }

    /** Disks outlive a machine's lives; what happens to them concerns the current one. */
    private final class CurrentWatch implements DiskErrorListener {
        @Override
        public void held(ErrorPolicyDisk disk, Operation operation, int errno) {
            DiskWatch now = watch();
            if (now != null) {
                now.held(disk, operation, errno);
            }
        }

        @Override
        public void released(ErrorPolicyDisk disk, int errno) {
            DiskWatch now = watch();
            if (now != null) {
                now.released(disk, errno);
            }
        }
    }

    @Override
    public String name() {
        return config.name();
    }

    @Override
    public synchronized RunState state() {
        if (current == null || stopped) {
            return RunState.SHUTDOWN;
        }
        return watch != null && watch.isPausing() ? RunState.IO_ERROR : RunState.RUNNING;
    }

    @Override
    public synchronized void pressPowerButton() {
        if (current != null) {
            current.pressPowerButton();
        }
    }

    /** {@link #run} returns soon. More than one call is harmless. */
    @Override
    public synchronized void stop() {
        stopped = true;
        if (current != null) {
            current.stop();
        }
    }

    private void stopForSignal() {
        stop();
        try {
            if (!finished.await(STOP_SECONDS, TimeUnit.SECONDS)) {
                log.warn("The machine did not stop within {} s; its disks may lack the last writes.", STOP_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook runs at this moment and waits for us.
        }
    }
}
