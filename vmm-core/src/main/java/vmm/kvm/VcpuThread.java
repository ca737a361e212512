package vmm.kvm;

import java.util.function.Consumer;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;
import vmm.bus.Bus;
import vmm.linux.Errno;
import vmm.linux.HostException;
import vmm.linux.KickSignal;

/**
 * The platform thread of one vCPU: a loop around {@code KVM_RUN} that carries the guest's accesses to the buses.
 *
 * <p>It ends when the guest crashes, when the VMM fails, or some microseconds after {@link #requestStop}, and then
 * tells its listener, on the vCPU's thread. The public methods belong to any other thread.
 */
public final class VcpuThread {
    private static final int SUBERROR_EMULATION = 1;
    private static final int EVENT_CRASH = 3;

    private final Vcpu vcpu;
    private final Bus ports;
    private final Bus memory;
    private final Consumer<VcpuEnd> listener;
    private final Thread thread;
    private volatile boolean stopRequested;
    private volatile boolean pauseRequested;

    /** The guest does not run because of {@link #pauseRequested}. Guarded by this. */
    private boolean paused;

    /** The guest will not run again. Guarded by this. */
    private boolean ended;

    /** Reaches the thread while it may be in the guest. Guarded by this. */
    private @Nullable KickSignal kick;

    /**
     * A thread that is not started yet.
     *
     * @param ports who answers port accesses
     * @param memory who answers accesses to guest physical memory without RAM
     * @param listener told once why the thread ends
     */
    public VcpuThread(Vcpu vcpu, Bus ports, Bus memory, Consumer<VcpuEnd> listener) {
        this.vcpu = vcpu;
        this.ports = ports;
        this.memory = memory;
        this.listener = listener;
        this.thread = Thread.ofPlatform().name("vcpu-" + vcpu.id()).daemon(true).unstarted(this::main);
    }

    /** Starts the vCPU. Call once. */
    public void start() {
        thread.start();
    }

    /** Asks the vCPU to leave the guest for good. Returns at once; harmless when repeated. */
    public void requestStop() {
        stopRequested = true;
        kickOut();
    }

    /**
     * Asks the vCPU to leave the guest and wait there until {@link #resume}, after the access that it may be carrying.
     * Before {@link #start} it means that the guest is not entered. Returns at once; harmless when repeated.
     */
    public void requestPause() {
        pauseRequested = true;
        kickOut();
    }

    /** Lets a paused vCPU go on. Harmless if it is not paused. */
    public synchronized void resume() {
        pauseRequested = false;
        notifyAll();
    }

    /**
     * Waits until the vCPU is out of the guest because of {@link #requestPause}, or until there is no such wish any
     * more, or until the thread has ended. The caller holds no lock that a device could want.
     */
    public void awaitPaused() throws InterruptedException {
        synchronized (this) {
            while (pauseRequested && !paused && !ended) {
                wait();
            }
        }
    }

    private synchronized void kickOut() {
        // Without a signal the thread has not looked at the flags yet and will before it enters the guest, or has
        // ended.
        if (kick != null) {
            kick.send();
        }
        notifyAll();
    }

    /** Waits until the thread has ended. The caller holds no lock that a device could want. */
    public void join() throws InterruptedException {
        thread.join();
    }

    private void main() {
        VcpuEnd end;
        KickSignal signal = KickSignal.forCurrentThread();
        try {
            vcpu.letIn(signal);
            setKick(signal);
            end = loop(signal);
        } catch (Throwable failure) {
            end = new VcpuEnd.Failed(failure);
        }
        endRunning();
        // The JVM gives an ending thread the signal mask it was born with, and a kick still pending would be delivered.
        signal.drain();
        listener.accept(end);
    }

    private synchronized void setKick(KickSignal signal) {
        kick = signal;
    }

    private synchronized void endRunning() {
        kick = null;
        ended = true;
        notifyAll();
    }

    private VcpuEnd loop(KickSignal signal) {
        while (!stopRequested) {
            if (pauseRequested) {
                waitForResume();
                continue;
            }
            int result = vcpu.run();
            if (result == 0) {
                VcpuEnd end = handleExit();
                if (end != null) {
                    return end;
                }
            } else if (result == -Errno.EINTR) {
                signal.drain();
            } else if (result != -Errno.EAGAIN) {
                return crashed("KVM cannot run vCPU " + vcpu.id() + " of the guest: " + Errno.describe(-result) + ".");
            }
        }
        return new VcpuEnd.Requested();
    }

    private void waitForResume() {
        vcpu.announcePause();
        boolean interrupted = false;
        synchronized (this) {
            paused = true;
            notifyAll();
            while (pauseRequested && !stopRequested) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            paused = false;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable VcpuEnd handleExit() {
        // Until something records, the class of the event is not even loaded: the first of them takes the JVM long.
        ExitEvent event = FlightRecorder.isInitialized() ? new ExitEvent() : null;
        if (event != null) {
            event.begin();
        }
        int reason = vcpu.exitReason();
        switch (reason) {
            case ExitReason.IO -> handleIo();
            case ExitReason.MMIO -> handleMmio();
            case ExitReason.INTR -> {}
            default -> {
                return explain(reason);
            }
        }
        if (event != null && event.shouldCommit()) {
            event.describe(vcpu);
            event.commit();
        }
        return null;
    }

    private void handleIo() {
        int port = vcpu.ioPort();
        int size = vcpu.ioSize();
        int count = vcpu.ioCount();
        boolean write = vcpu.ioIsWrite();
        for (int i = 0; i < count; i++) {
            if (write) {
                ports.write(port, size, vcpu.ioData(i));
            } else {
                vcpu.answerIo(i, ports.read(port, size));
            }
        }
    }

    private void handleMmio() {
        long address = vcpu.mmioAddress();
        int size = vcpu.mmioSize();
        boolean write = vcpu.mmioIsWrite();
        if (Integer.bitCount(size) == 1) {
            if (write) {
                memory.write(address, size, vcpu.mmioData());
            } else {
                vcpu.answerMmio(memory.read(address, size));
            }
        } else {
            handleOddMmio(address, size, write);
        }
    }

    /** An access that crosses a page arrives in two parts of any size, which a bus carries byte by byte. */
    private void handleOddMmio(long address, int size, boolean write) {
        long data = vcpu.mmioData();
        long answer = 0;
        for (int i = 0; i < size; i++) {
            int shift = i * Byte.SIZE;
            if (write) {
                memory.write(address + i, 1, (data >>> shift) & 0xff);
            } else {
                answer |= memory.read(address + i, 1) << shift;
            }
        }
        if (!write) {
            vcpu.answerMmio(answer);
        }
    }

    private VcpuEnd explain(int reason) {
        String who = "vCPU " + vcpu.id();
        if (reason == ExitReason.SHUTDOWN) {
            return new VcpuEnd.TripleFault("The guest crashed: " + who + " met a triple fault.", registers());
        }
        return crashed(
                switch (reason) {
                    case ExitReason.HLT -> "The guest halted " + who + " and nothing can wake it.";
                    case ExitReason.FAIL_ENTRY ->
                        "The processor refuses to run " + who + " of the guest (reason 0x"
                                + Long.toHexString(vcpu.entryFailure()) + ").";
                    case ExitReason.INTERNAL_ERROR -> internalError(who);
                    case ExitReason.SYSTEM_EVENT ->
                        vcpu.systemEvent() == EVENT_CRASH
                                ? "The guest reported a crash of its own."
                                : "The guest asked KVM for system event " + vcpu.systemEvent() + ".";
                    default -> who + " left the guest for a reason this VMM does not know (" + reason + ").";
                });
    }

    private String internalError(String who) {
        int suberror = vcpu.internalSuberror();
        return suberror == SUBERROR_EMULATION
                ? "KVM cannot emulate an instruction that " + who + " of the guest executed; on a host without hardware"
                        + " virtualization this is expected of most kernels ('vmm doctor' tells)."
                : "KVM gave up on " + who + " of the guest (internal error " + suberror + ").";
    }

    private VcpuEnd crashed(String sentence) {
        return new VcpuEnd.Crashed(sentence, registers());
    }

    private String registers() {
        try {
            return RegisterDump.of(vcpu);
        } catch (HostException unreadable) {
            return "(" + unreadable.getMessage() + ")";
        }
    }
}
