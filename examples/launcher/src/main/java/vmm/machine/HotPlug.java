package vmm.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import vmm.machine.MachineRequest.Controller;
import vmm.machine.MachineRequest.Disk;
import vmm.scsi.LogicalUnit;
import vmm.scsi.multimedia.CdRomDrive;

/**
 * What a machine consists of, while it changes: its configuration, its nodes and disks, and the devices of the current
 * life, which follow. The next life is assembled from what the configuration is then. Any thread.
 *
 * <p>One lock keeps changes apart, and lives from changes; who holds it may wait for devices. No vCPU's thread takes
 * it, nor the one that ends devices which the guest has let go of: that one has the configuration changed, which needs
 * a lock of its own, and tells when all is done.
 */
final class HotPlug implements Board.Changes {
    private final ReentrantLock changes = new ReentrantLock();
    private final OpenDisks disks;
    private final BlockNodes nodes;
    private final MachineEvents events;

    /** Written with this locked. */
    private volatile MachineConfig config;

    /** The current life; null before the first and after the last. Guarded by {@link #changes}. */
    private @Nullable Machine machine;

    /** A machine whose disks have been opened. */
    HotPlug(MachineConfig config, BlockNodes nodes, OpenDisks disks, MachineEvents events) {
        this.config = config;
        this.nodes = nodes;
        this.disks = disks;
        this.events = events;
    }

    /** The machine as it is now. */
    MachineConfig config() {
        return config;
    }

    private synchronized void change(UnaryOperator<MachineConfig> change) {
        config = change.apply(config);
    }

    /** Begins a life of the machine as it is now. */
    Machine begin(Function<MachineConfig, Machine> assembly) {
        changes.lock();
        try {
            Machine assembled = assembly.apply(config);
            machine = assembled;
            return assembled;
        } finally {
            changes.unlock();
        }
    }

    /** Ends a life, and with it the devices that the guest was to let go of. */
    void end(Machine ended) {
        changes.lock();
        try {
            Set<Integer> requested = ended.slots().requested();
            machine = null;
            ended.close();
            List<String> gone = new ArrayList<>();
            for (int slot : requested) {
                gone.addAll(functionsIn(slot));
            }
            forget(gone);
        } finally {
            changes.unlock();
        }
    }

    /** Opens an image. */
    void addNode(NodeConfig node) {
        if (node.name().isEmpty()) {
            throw new RefusedException(RefusedException.Kind.INVALID, "A node needs a name.");
        }
        nodes.add(node);
    }

    /** Closes an image. */
    void removeNode(String name) {
        changes.lock();
        try {
            nodes.config(name);
            if (user(name).isPresent()) {
                throw new RefusedException(RefusedException.Kind.IN_USE, "Node " + name + " is in use");
            }
            nodes.remove(name);
        } finally {
            changes.unlock();
        }
    }

    private Optional<DiskConfig> user(String node) {
        return config.disks().stream().filter(disk -> disk.node().equals(node)).findFirst();
    }

    /** Gives an image another size, and tells the guest. */
    void resize(String node, long bytes) {
        if (bytes < 0 || bytes % 512 != 0) {
            throw new RefusedException(
                    RefusedException.Kind.INVALID, "A disk has whole sectors of 512 bytes, unlike " + bytes + ".");
        }
        changes.lock();
        try {
            nodes.resize(node, bytes);
            if (machine != null) {
                machine.devices().lookAtSizes();
            }
        } finally {
            changes.unlock();
        }
    }

    /** Gives a disk other limits. */
    void throttle(String id, DiskLimits limits) {
        changes.lock();
        try {
            DiskConfig disk = disk(id);
            if (disk.cdrom()) {
                throw new RefusedException(
                        RefusedException.Kind.UNSUPPORTED, "Drive " + id + " keeps the limits that it began with.");
            }
            disks.throttle(id, limits);
            change(now -> {
                MachineConfig changed = now.replacing(disk.withLimits(limits));
                for (DiskConfig other : now.disks()) {
                    if (limits.group().isPresent()
                            && other.policy().limits().group().equals(limits.group())) {
                        changed = changed.replacing(other.withLimits(limits));
                    }
                }
                return changed;
            });
        } finally {
            changes.unlock();
        }
    }

    /** Plugs a controller. */
    void plug(Controller wanted, String id) {
        changes.lock();
        try {
            ControllerConfig planned = new PlugPlan(config).controller(wanted, id);
            if (machine != null) {
                machine.devices().add(planned, List.of());
            }
            change(now -> now.with(planned));
            tellGuest(planned.virtio());
        } finally {
            changes.unlock();
        }
    }

    /** Plugs a disk. */
    void plug(Disk wanted, String node) {
        changes.lock();
        try {
            Optional<NodeConfig> image = node.isEmpty() ? Optional.empty() : Optional.of(nodes.config(node));
            if (image.isPresent() && user(node).isPresent()) {
                throw new RefusedException(
                        RefusedException.Kind.IN_USE,
                        "Node " + node + " is in use by device "
                                + user(node).get().id());
            }
            DiskConfig planned = new PlugPlan(config).disk(wanted, image);
            disks.connect(planned);
            try {
                put(planned);
            } catch (Throwable failure) {
                disks.disconnect(planned.id());
                throw failure;
            }
        } finally {
            changes.unlock();
        }
    }

    private void put(DiskConfig planned) {
        switch (planned.address()) {
            case DiskAddress.Virtio(VirtioConfig virtio) -> {
                if (machine != null) {
                    machine.devices().add(planned, virtio);
                }
                change(now -> now.with(planned));
                tellGuest(virtio);
            }
            case DiskAddress.Scsi address -> {
                if (machine != null) {
                    machine.devices().attach(planned, address);
                }
                change(now -> {
                    // The guest may have let go of the controller since this was planned.
                    new PlugPlan(now).checkController(address);
                    return now.with(planned);
                });
            }
        }
    }

    private void tellGuest(VirtioConfig virtio) {
        if (machine != null) {
            machine.slots().plugged(virtio.address().slot());
        }
    }

    /** Takes a device away, or asks the guest to let go of it. */
    void unplug(String id) {
        changes.lock();
        try {
            Optional<ControllerConfig> controller = config.controller(id);
            if (controller.isPresent()) {
                eject(id, controller.get().virtio().address().slot());
                return;
            }
            DiskConfig disk = disk(id);
            switch (disk.address()) {
                case DiskAddress.Virtio(VirtioConfig virtio) ->
                    eject(id, virtio.address().slot());
                case DiskAddress.Scsi address -> detach(disk, address);
            }
        } finally {
            changes.unlock();
        }
    }

    private void detach(DiskConfig disk, DiskAddress.Scsi address) {
        if (address.isRange()) {
            throw new RefusedException(
                    RefusedException.Kind.UNSUPPORTED,
                    "Disk " + disk.id() + " is a range of logical units, which a machine has to its end.");
        }
        if (machine != null) {
            machine.devices().detach(disk, address);
        }
        forget(List.of(disk.id()));
    }

    private void eject(String id, int slot) {
        if (machine == null) {
            forget(functionsIn(slot));
        } else if (machine.slots().isAsked(slot)) {
            throw new RefusedException(
                    RefusedException.Kind.IN_USE, "Device " + id + " is already in the process of unplug");
        } else {
            machine.slots().unplug(slot);
        }
    }

    /** The devices in a slot. */
    private List<String> functionsIn(int slot) {
        MachineConfig now = config;
        List<String> ids = new ArrayList<>();
        for (ControllerConfig controller : now.controllers()) {
            if (controller.virtio().address().slot() == slot) {
                ids.add(controller.id());
            }
        }
        for (DiskConfig disk : now.disks()) {
            if (disk.address() instanceof DiskAddress.Virtio(VirtioConfig virtio)
                    && virtio.address().slot() == slot) {
                ids.add(disk.id());
            }
        }
        return ids;
    }

    @Override
    public void gone(List<String> ids) {
        forget(ids);
    }

    /** These devices are no more; what is behind the controllers among them is no more, either. */
    private void forget(List<String> ids) {
        List<String> all = new ArrayList<>();
        for (String id : ids) {
            all.addAll(takeController(id));
            all.add(id);
        }
        all.forEach(disks::disconnect);
        change(now -> now.without(all));
        all.forEach(id -> events.tell(new MachineEvent.DeviceDeleted(id)));
    }

    /**
     * Takes a controller out of the configuration, if that is one, so that nothing is put behind it any more.
     *
     * @return the disks that it takes along; those that are behind another, too, have one way less
     */
    private synchronized List<String> takeController(String id) {
        Optional<ControllerConfig> controller = config.controller(id);
        List<String> along = new ArrayList<>();
        if (controller.isEmpty()) {
            return along;
        }
        config = config.without(List.of(id));
        int index = controller.get().index();
        for (DiskConfig disk : config.disks()) {
            if (disk.isBehind(index) && disk.address() instanceof DiskAddress.Scsi scsi) {
                List<LunRange> left = scsi.places().stream()
                        .filter(place -> place.controller() != index)
                        .toList();
                if (left.isEmpty()) {
                    along.add(disk.id());
                } else {
                    config = config.replacing(disk.withAddress(new DiskAddress.Scsi(left)));
                }
            }
        }
        return along;
    }

    @Override
    public void refused(int slot) {
        functionsIn(slot).forEach(id -> events.tell(new MachineEvent.UnplugRefused(id)));
    }

    @Override
    public void reported(int slot, int source, int status) {
        events.tell(new MachineEvent.OstReported(slot, source, status));
    }

    @Override
    public void trayMoved(String id, boolean open) {
        events.tell(new MachineEvent.TrayMoved(id, open));
    }

    /** What the tray of a drive does. */
    Optional<RunningMachine.Tray> tray(String id) {
        changes.lock();
        try {
            return Optional.ofNullable(machine)
                    .map(now -> now.devices().drive(id))
                    .map(drive -> new RunningMachine.Tray(drive.isOpen(), drive.isLocked()));
        } finally {
            changes.unlock();
        }
    }

    /** The logical unit that a disk is in the current life; empty if it is none, or several. */
    Optional<LogicalUnit> logicalUnit(String id) {
        changes.lock();
        try {
            return Optional.ofNullable(machine).map(now -> now.devices().logicalUnit(id));
        } finally {
            changes.unlock();
        }
    }

    /** What a disk has done. */
    Optional<DiskCounters> counters(String id) {
        changes.lock();
        try {
            return machine == null ? Optional.empty() : machine.devices().counters(id);
        } finally {
            changes.unlock();
        }
    }

    /** The virtio devices of the current life. */
    List<VirtioInfo> virtio() {
        changes.lock();
        try {
            return machine == null ? List.of() : machine.devices().virtio();
        } finally {
            changes.unlock();
        }
    }

    /** Opens the tray of a drive. */
    void openTray(String id, boolean force) {
        changes.lock();
        try {
            CdRomDrive drive = drive(id);
            if (!drive.pressEject(force)) {
                throw new RefusedException(
                        RefusedException.Kind.IN_USE,
                        "Device '" + id
                                + "' is locked and force was not specified, wait for tray to open and try again");
            }
        } finally {
            changes.unlock();
        }
    }

    /** Closes the tray of a drive. */
    void closeTray(String id) {
        changes.lock();
        try {
            drive(id).load();
        } finally {
            changes.unlock();
        }
    }

    /** Puts another disc on a tray. */
    void changeMedium(String id, Optional<String> node) {
        changes.lock();
        try {
            DiskConfig disk = disk(id);
            if (!drive(id).isOpen()) {
                throw new RefusedException(RefusedException.Kind.IN_USE, "Tray of device '" + id + "' is not open");
            }
            DiskConfig changed = node.map(name -> {
                        NodeConfig image = nodes.config(name);
                        if (user(name).isPresent()) {
                            throw new RefusedException(RefusedException.Kind.IN_USE, "Node " + name + " is in use");
                        }
                        return disk.withMedium(name, image.image());
                    })
                    .orElseGet(() -> disk.withMedium("", PlugPlan.NO_DISC));
            disks.changeMedium(id, changed.node());
            change(now -> now.replacing(changed));
        } finally {
            changes.unlock();
        }
    }

    private CdRomDrive drive(String id) {
        DiskConfig disk = disk(id);
        CdRomDrive drive = machine == null ? null : machine.devices().drive(id);
        if (!disk.cdrom() || drive == null) {
            throw new RefusedException(RefusedException.Kind.UNSUPPORTED, "Device '" + id + "' does not have a tray");
        }
        return drive;
    }

    private DiskConfig disk(String id) {
        return config.disk(id)
                .orElseThrow(
                        () -> new RefusedException(RefusedException.Kind.NOT_FOUND, "Device '" + id + "' not found"));
    }
}
