package vmm.machine;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.block.BlockRequest.Operation;
import vmm.block.ErrorPolicyDisk;
import vmm.control.ControlSocket;
import vmm.control.QmpService;
import vmm.firmware.bios.Firmware;
import vmm.kvm.Kvm;
import vmm.machine.Machine.PauseReason;
import vmm.pci.FunctionInfo;
import vmm.platform.RtcMemory;
import vmm.scsi.FaultInjection;
import vmm.scsi.LogicalUnit;
import vmm.scsi.UnitAttention;

/**
 * Runs a machine from its first life to its last: a reset by the guest ends one life and begins the next, with the same
 * disks and console.
 *
 * <p>While it runs, SIGINT and SIGTERM stop the machine, flush the disks and give the terminal back before the process
 * ends.
 */
public final class MachineRunner implements RunningMachine {
    private static final Logger log = LoggerFactory.getLogger(MachineRunner.class);

    /** How long a signal waits for the machine to stop and the disks to be flushed. */
    private static final long STOP_SECONDS = 60;

    private final MachineConfig first;
    private final Consumer<String> user;
    private final Function<RunningMachine, QmpService> control;
    private final CountDownLatch finished = new CountDownLatch(1);
    private final MachineEvents events = new MachineEvents();
    private final BlockNodes nodes = new BlockNodes();
    private final OpenDisks disks = new OpenDisks(nodes, new CurrentWatch());
    private final HotPlug devices;

    /** Guarded by this. */
    private @Nullable Machine current;

    /** Of the current life. Guarded by this. */
    private @Nullable DiskWatch watch;

    /** Why the machine was stopped from outside, or null if it was not. Guarded by this. */
    private @Nullable String stopReason;

    /** Somebody outside has paused it, in whichever life. Guarded by this. */
    private boolean paused;

    /**
     * A runner for one machine.
     *
     * @param user gets a sentence when the machine is paused because a disk cannot be used, and when it goes on
     * @param control makes what its control socket offers
     */
    public MachineRunner(MachineConfig config, Consumer<String> user, Function<RunningMachine, QmpService> control) {
        this.first = config;
        this.devices = new HotPlug(config, nodes, disks, events);
        this.user = user;
        this.control = control;
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
            Optional<ControlSocket> socket = first.control()
                    .map(path -> teardown.opened(ControlSocket.open(path, first.name(), () -> control.apply(this))));
            Kvm kvm = teardown.opened(Kvm.open());
            teardown.opened(nodes);
            teardown.opened(disks);
            disks.open(first.disks());
            Optional<Firmware> firmware = first.boot() instanceof Boot.Firmware boot
                    ? Optional.of(teardown.opened(boot.source().open()))
                    : Optional.empty();
            if (socket.isPresent() && first.serial() instanceof SerialConfig.UnixSocket) {
                // It may be in the machine's own folder, which the control socket makes.
                socket.get().awaitReady();
            }
            Console console = teardown.opened(Console.open(first.serial()));
            Lasting lasting = new Lasting(disks, firmware, console, new RtcMemory());
            MachineEnd end = live(kvm, lasting, socket);
            while (end instanceof MachineEnd.Reset reset && first.rebootOnReset()) {
                log.info("The machine is reset by {}.", reset.cause());
                events.tell(new MachineEvent.Reset(reset.guest(), reason(reset)));
                end = live(kvm, lasting, socket);
            }
            tellEnd(end);
            return end;
        } finally {
            finished.countDown();
            removeHook(hook);
        }
    }

    private MachineEnd live(Kvm kvm, Lasting lasting, Optional<ControlSocket> socket) throws InterruptedException {
        Machine machine = devices.begin(config -> Machine.assemble(config, kvm, lasting, devices));
        // The watch ends first, so that it does not take the end of a request in a machine's teardown for good news.
        try (Teardown life = new Teardown()) {
            life.then(this::endLife);
            life.then(() -> devices.end(machine));
            DiskWatch diskWatch = life.opened(new DiskWatch(machine, user));
            if (!begin(machine, diskWatch)) {
                return new MachineEnd.Stopped();
            }
            if (socket.isPresent()) {
                socket.get().awaitReady();
            }
            machine.start();
            return machine.await();
        }
    }

    private static String reason(MachineEnd.Reset reset) {
        return reset.guest() ? "guest-reset" : "host-qmp-system-reset";
    }

    private void tellEnd(MachineEnd end) {
        switch (end) {
            case MachineEnd.PoweredOff _ -> events.tell(new MachineEvent.Shutdown(true, "guest-shutdown"));
            case MachineEnd.DebugExit _ -> events.tell(new MachineEvent.Shutdown(true, "guest-shutdown"));
            case MachineEnd.Reset reset -> events.tell(new MachineEvent.Shutdown(reset.guest(), reason(reset)));
            case MachineEnd.Crashed crashed -> {
                events.tell(new MachineEvent.GuestCrashed(crashed.sentence()));
                events.tell(new MachineEvent.Shutdown(true, "guest-panic"));
            }
            case MachineEnd.Failed _ -> events.tell(new MachineEvent.Shutdown(false, "host-error"));
            case MachineEnd.Stopped _ -> events.tell(new MachineEvent.Shutdown(false, stopReason()));
        }
    }

    private synchronized String stopReason() {
        return stopReason == null ? "host-error" : stopReason;
    }

    private synchronized boolean begin(Machine machine, DiskWatch diskWatch) {
        current = machine;
        watch = diskWatch;
        if (paused) {
            machine.pause(PauseReason.USER);
        }
        return stopReason == null;
    }

    private synchronized void endLife() {
        current = null;
        watch = null;
    }

    private synchronized @Nullable DiskWatch watch() {
        return watch;
    }

    /** Disks outlive a machine's lives; what happens to them concerns the current one. */
    private final class CurrentWatch implements OpenDisks.Listener {
        @Override
        public void held(String id, ErrorPolicyDisk disk, Operation operation, int errno) {
            DiskWatch now = watch();
            if (now != null && now.held(disk, operation, errno)) {
                String node = config().disk(id).map(DiskConfig::node).orElse("");
                events.tell(new MachineEvent.DiskError(id, node, operation, errno));
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
        return first.name();
    }

    @Override
    public synchronized RunState state() {
        if (current == null || stopReason != null) {
            return RunState.SHUTDOWN;
        }
        if (watch != null && watch.isPausing()) {
            return RunState.IO_ERROR;
        }
        return paused ? RunState.PAUSED : RunState.RUNNING;
    }

    @Override
    public MachineConfig config() {
        return devices.config();
    }

    @Override
    public synchronized List<FunctionInfo> functions() {
        return current == null ? List.of() : current.functions();
    }

    @Override
    public List<VirtioInfo> virtio() {
        return devices.virtio();
    }

    @Override
    public Optional<DiskCounters> counters(String id) {
        return devices.counters(id);
    }

    @Override
    public void pressPowerButton() {
        synchronized (this) {
            if (current != null) {
                current.pressPowerButton();
            }
        }
        events.tell(new MachineEvent.PoweredDown());
    }

    @Override
    public void quit() {
        stop("host-qmp-quit");
    }

    /** {@link #run} returns soon. The first reason counts. */
    private synchronized void stop(String reason) {
        if (stopReason == null) {
            stopReason = reason;
        }
        if (current != null) {
            current.stop();
        }
    }

    @Override
    public synchronized void reset() {
        if (current != null) {
            current.reset();
        }
    }

    @Override
    public void pause() {
        synchronized (this) {
            if (paused) {
                return;
            }
            paused = true;
            if (current != null) {
                current.pause(PauseReason.USER);
            }
        }
        events.tell(new MachineEvent.Paused());
    }

    @Override
    public void resume() {
        synchronized (this) {
            if (watch != null) {
                watch.retry();
            }
            if (!paused) {
                return;
            }
            paused = false;
            if (current != null) {
                current.resume(PauseReason.USER);
            }
        }
        events.tell(new MachineEvent.Resumed());
    }

    @Override
    public List<NodeConfig> nodes() {
        return nodes.list();
    }

    @Override
    public void addNode(NodeConfig node) {
        devices.addNode(node);
    }

    @Override
    public void removeNode(String name) {
        devices.removeNode(name);
    }

    @Override
    public long size(String node) {
        return nodes.size(node);
    }

    @Override
    public void resize(String node, long bytes) {
        devices.resize(node, bytes);
    }

    @Override
    public void throttle(String device, DiskLimits limits) {
        devices.throttle(device, limits);
    }

    @Override
    public void plug(MachineRequest.Controller controller, String id) {
        devices.plug(controller, id);
    }

    @Override
    public void plug(MachineRequest.Disk disk, String node) {
        devices.plug(disk, node);
    }

    @Override
    public void unplug(String id) {
        devices.unplug(id);
    }

    @Override
    public Optional<Tray> tray(String id) {
        return devices.tray(id);
    }

    @Override
    public Optional<FaultInjection.State> faults(String id) {
        return devices.logicalUnit(id)
                .flatMap(unit -> Optional.ofNullable(unit.faults()))
                .map(FaultInjection::state);
    }

    @Override
    public void inject(String id, Consumer<FaultInjection> change) {
        change.accept(Objects.requireNonNull(logicalUnit(id).faults()));
    }

    @Override
    public void raise(String id, UnitAttention attention) {
        logicalUnit(id).raise(attention);
    }

    private LogicalUnit logicalUnit(String id) {
        return devices.logicalUnit(id)
                .orElseThrow(() -> config().disk(id).isPresent()
                        ? new RefusedException(
                                RefusedException.Kind.UNSUPPORTED,
                                "Device '" + id + "' is not a logical unit, and only those take faults")
                        : new RefusedException(RefusedException.Kind.NOT_FOUND, "Device '" + id + "' not found"));
    }

    @Override
    public void openTray(String id, boolean force) {
        devices.openTray(id, force);
    }

    @Override
    public void closeTray(String id) {
        devices.closeTray(id);
    }

    @Override
    public void changeMedium(String id, Optional<String> node) {
        devices.changeMedium(id, node);
    }

    @Override
    public void listen(Consumer<MachineEvent> listener) {
        events.listen(listener);
    }

    @Override
    public void unlisten(Consumer<MachineEvent> listener) {
        events.unlisten(listener);
    }

    private void stopForSignal() {
        stop("host-signal");
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
