package vmm.machine;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.kvm.Kvm;

/**
 * Runs a machine from its first life to its last: a reset by the guest ends one life and begins the next, with the same
 * disks and console.
 *
 * <p>While it runs, SIGINT and SIGTERM stop the machine, flush the disks and give the terminal back before the process
 * ends.
 */
public final class MachineRunner {
    private static final Logger log = LoggerFactory.getLogger(MachineRunner.class);

    /** How long a signal waits for the machine to stop and the disks to be flushed. */
    private static final long STOP_SECONDS = 60;

    private final MachineConfig config;
    private final CountDownLatch finished = new CountDownLatch(1);

    /** Guarded by this. */
    private @Nullable Machine current;

    /** Guarded by this. */
    private boolean stopped;

    /** A runner for one machine. */
    public MachineRunner(MachineConfig config) {
        this.config = config;
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
            Kvm kvm = teardown.opened(Kvm.open());
            OpenDisks disks = teardown.opened(OpenDisks.open(config.disks()));
            Console console = teardown.opened(Console.open(config.serial()));
            MachineEnd end = live(kvm, disks, console);
            while (end instanceof MachineEnd.Reset reset && config.rebootOnReset()) {
                log.info("The guest resets the machine by {}.", reset.cause());
                end = live(kvm, disks, console);
            }
            return end;
        } finally {
            finished.countDown();
            removeHook(hook);
        }
    }

    private MachineEnd live(Kvm kvm, OpenDisks disks, Console console) throws InterruptedException {
        try (Machine machine = Machine.assemble(config, kvm, disks, console)) {
            if (!begin(machine)) {
                return new MachineEnd.Stopped();
            }
            machine.start();
            return machine.await();
        } finally {
            endLife();
        }
    }

    private synchronized boolean begin(Machine machine) {
        current = machine;
        return !stopped;
    }

    private synchronized void endLife() {
        current = null;
    }

    /** Stops the machine: {@link #run} returns soon. Any thread may call, at any time, more than once. */
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
