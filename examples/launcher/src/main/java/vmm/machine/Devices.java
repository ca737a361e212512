package vmm.machine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import vmm.event.EventLoop;
import vmm.kvm.VirtualMachine;
import vmm.memory.GuestMemory;
import vmm.pci.PciBus;
import vmm.pci.PciFunction;
import vmm.scsi.LogicalUnit;
import vmm.scsi.multimedia.CdRomDrive;
import vmm.virtio.QueueLoops;
import vmm.virtio.VirtioDevice;
import vmm.virtio.pci.VirtioPciFunction;

/**
 * The virtio devices of one life of a machine, each with its function on the PCI bus and the thread that serves it,
 * from when they are plugged until they are gone. Any thread; the vCPUs' never wait for this lock.
 */
final class Devices implements AutoCloseable {
    private final GuestMemory memory;
    private final VirtualMachine machine;
    private final PciBus pci;
    private final IoThreads threads;
    private final StorageDevices storage;

    /** Guarded by this. */
    private final Map<VirtioPciFunction, Plugged> plugged = new LinkedHashMap<>();

    /**
     * A device on the bus, or about to leave it.
     *
     * @param forget what else is to be forgotten when it is gone
     */
    private record Plugged(String id, VirtioDevice device, Runnable forget) {}

    /** No devices yet, of the machine that {@code config} describes. */
    Devices(
            MachineConfig config,
            OpenDisks disks,
            GuestMemory memory,
            VirtualMachine machine,
            PciBus pci,
            StorageDevices.Trays trays) {
        this.memory = memory;
        this.machine = machine;
        this.pci = pci;
        this.storage = new StorageDevices(config.name(), disks, trays);
        this.threads = new IoThreads(config.iothreads(), config.loop());
    }

    /**
     * Puts a controller on the bus with those of the disks that are behind it.
     *
     * @throws vmm.linux.HostException if the host has not what it takes; nothing has changed then
     */
    synchronized void add(ControllerConfig controller, Collection<DiskConfig> disks) {
        Runnable forget = () -> storage.forgetHba(controller);
        try {
            EventLoop loop = threads.of(controller.id(), controller.virtio()).of(0);
            add(controller.id(), storage.hba(controller, disks, loop), controller.virtio(), forget);
        } catch (Throwable failure) {
            forget.run();
            threads.release(controller.id());
            throw failure;
        }
    }

    /** Puts a disk on the bus that has a device of its own. See the other method. */
    synchronized void add(DiskConfig disk, VirtioConfig virtio) {
        Runnable forget = () -> storage.forgetBlk(disk);
        try {
            QueueLoops loops = threads.of(disk.id(), virtio);
            add(disk.id(), storage.blk(disk, virtio, loops), virtio, forget);
        } catch (Throwable failure) {
            forget.run();
            threads.release(disk.id());
            throw failure;
        }
    }

    private void add(String id, VirtioDevice device, VirtioConfig virtio, Runnable forget) {
        VirtioPciFunction function =
                new VirtioPciFunction(id, device, virtio.transport(), memory, machine, machine.interrupts());
        try {
            pci.add(virtio.address().slot(), virtio.address().function(), function);
        } catch (Throwable failure) {
            function.close();
            throw failure;
        }
        plugged.put(function, new Plugged(id, device, forget));
    }

    /**
     * Ends what a function does that has left the bus, and gives back what it held.
     *
     * @return the device's name
     */
    synchronized String retire(PciFunction function) {
        Plugged gone = plugged.remove(function);
        if (gone == null) {
            throw new IllegalArgumentException(function.identity().name() + " was never plugged.");
        }
        function.retire();
        gone.forget.run();
        threads.release(gone.id);
        function.close();
        return gone.id;
    }

    /** Puts a logical unit behind its controllers. */
    synchronized void attach(DiskConfig disk, DiskAddress.Scsi address) {
        storage.attach(disk, address);
    }

    /** Takes a logical unit away from its controllers, and waits until its last command has ended. */
    synchronized void detach(DiskConfig disk, DiskAddress.Scsi address) {
        storage.detach(disk, address);
    }

    /** The logical unit of that name; null if there is none, or several. */
    synchronized @Nullable LogicalUnit logicalUnit(String id) {
        return storage.logicalUnit(id);
    }

    /** The drive of that name, or null if there is none. */
    synchronized @Nullable CdRomDrive drive(String id) {
        return storage.drive(id);
    }

    /** What the disk of that name has done. */
    synchronized Optional<DiskCounters> counters(String id) {
        return storage.counters(id);
    }

    /** The devices, and what their drivers have set up. */
    synchronized List<VirtioInfo> virtio() {
        List<VirtioInfo> infos = new ArrayList<>();
        plugged.forEach((function, each) ->
                infos.add(new VirtioInfo(each.id, each.device.type(), each.device.features(), function.snapshot())));
        return infos;
    }

    /** Has devices told at once of disks that have another size. */
    void lookAtSizes() {
        storage.lookAtSizes();
    }

    /** Ends all devices, after the vCPUs; their functions are the bus's to close. */
    @Override
    public synchronized void close() {
        storage.stopWatching();
        try (Teardown teardown = new Teardown()) {
            teardown.opened(threads);
            teardown.opened(storage);
            List<Plugged> all = new ArrayList<>(plugged.values());
            // A device takes back what it has in flight before its thread ends.
            all.forEach(each -> teardown.then(each.device::reset));
            plugged.clear();
        }
    }
}
