package vmm.machine;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.kvm.Kvm;
import vmm.kvm.VcpuEnd;
import vmm.kvm.VcpuThread;
import vmm.linux.HostException;
import vmm.pci.FunctionInfo;

/**
 * One life of a machine, from power-on to power-off, reset or crash. Whatever the guest can see of it is made new for
 * each life, which is what a reset means.
 *
 * <p>{@link #stop}, {@link #reset}, {@link #pressPowerButton}, {@link #pause} and {@link #resume} may be called by any
 * thread; the rest belongs to the one that assembled the machine.
 */
public final class Machine implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Machine.class);

    private final Teardown teardown = new Teardown();
    private final CompletableFuture<MachineEnd> end = new CompletableFuture<>();
    private final List<VcpuThread> vcpus = new ArrayList<>();
    private final Board board;

    /** Without firmware there is nothing that would start again from what is left, so that it only hides a crash. */
    private final boolean tripleFaultResets;

    private final Console console;

    /** Guarded by itself. */
    private final Set<PauseReason> pauses = EnumSet.noneOf(PauseReason.class);

    /** Why vCPUs do not run. */
    enum PauseReason {
        /** Somebody outside wants it so. */
        USER,
        /** A disk cannot be used. */
        DISK
    }

    private Machine(MachineConfig config, Kvm kvm, Lasting lasting, Board.Changes changes) {
        this.console = lasting.console();
        tripleFaultResets = config.boot() instanceof Boot.Firmware;
        // Made first and torn down last: vCPU threads end before anything that they could touch.
        board = teardown.opened(new Board(config, kvm, lasting, this::finish, changes));
        teardown.then(this::stopVcpus);
        try {
            board.processors(this::vcpuEnded).forEach(vcpus::add);
        } catch (Throwable failure) {
            teardown.close();
            throw failure;
        }
    }

    /**
     * Puts a machine together; no code of the guest runs yet.
     *
     * @param lasting what the life before has left, or what the first one begins with
     * @param changes told what becomes of devices in this life
     * @throws HostException with a sentence for the user if something is missing; nothing is left behind then
     */
    static Machine assemble(MachineConfig config, Kvm kvm, Lasting lasting, Board.Changes changes) {
        return new Machine(config, kvm, lasting, changes);
    }

    /**
     * Lets the vCPUs run. Call once.
     *
     * @throws HostException if the console has nowhere to write to; nothing of the guest has run then
     */
    void start() {
        console.connect(board.uart());
        vcpus.forEach(VcpuThread::start);
    }

    /** Waits for the end of this life. */
    MachineEnd await() throws InterruptedException {
        try {
            return end.get();
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Ends this life from outside, and the console with it, on which a vCPU may be waiting. */
    void stop() {
        finish(new MachineEnd.Stopped());
        console.hangUp();
    }

    /** Ends this life from outside, to begin the next. */
    void reset() {
        finish(new MachineEnd.Reset("whoever controls it", false));
    }

    /** Presses the power button, which asks the guest to end this life in order. */
    void pressPowerButton() {
        board.pressPowerButton();
    }

    /**
     * Keeps the vCPUs from running until {@link #resume} was called for each reason; the devices end what they have
     * begun. Returns at once; harmless when repeated.
     */
    void pause(PauseReason reason) {
        synchronized (pauses) {
            if (pauses.add(reason)) {
                vcpus.forEach(VcpuThread::requestPause);
            }
        }
    }

    /** Ends a {@link #pause} for that reason. Harmless if there is none. */
    void resume(PauseReason reason) {
        synchronized (pauses) {
            if (pauses.remove(reason) && pauses.isEmpty()) {
                vcpus.forEach(VcpuThread::resume);
            }
        }
    }

    /** The devices on its buses. */
    Devices devices() {
        return board.devices();
    }

    /** The slots of its PCI bus. */
    Slots slots() {
        return board.slots();
    }

    /** The functions on its PCI bus. */
    public List<FunctionInfo> functions() {
        return board.functions();
    }

    /** The first end counts. No vCPU enters the guest again. */
    private void finish(MachineEnd how) {
        if (end.complete(how)) {
            vcpus.forEach(VcpuThread::requestStop);
        }
    }

    private void vcpuEnded(VcpuEnd how) {
        switch (how) {
            case VcpuEnd.Requested requested -> {}
            case VcpuEnd.TripleFault fault -> {
                log.debug("{}\n{}", fault.sentence(), fault.registers());
                finish(
                        tripleFaultResets
                                ? new MachineEnd.Reset("a triple fault", true)
                                : new MachineEnd.Crashed(fault.sentence(), fault.registers()));
            }
            case VcpuEnd.Crashed crashed -> finish(new MachineEnd.Crashed(crashed.sentence(), crashed.registers()));
            case VcpuEnd.Failed failed -> finish(new MachineEnd.Failed(failed.cause()));
        }
    }

    private void stopVcpus() {
        vcpus.forEach(VcpuThread::requestStop);
        boolean interrupted = false;
        for (VcpuThread vcpu : vcpus) {
            interrupted |= joinUninterruptibly(vcpu);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Memory that a vCPU still runs in must not be given back, so an interrupt has to wait. */
    private static boolean joinUninterruptibly(VcpuThread vcpu) {
        boolean interrupted = false;
        while (true) {
            try {
                vcpu.join();
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    /** Stops the vCPUs and the workers, in this order, and gives everything back. */
    @Override
    public void close() {
        teardown.close();
    }
}
