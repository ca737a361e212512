package vmm.machine;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import vmm.pci.FunctionInfo;
import vmm.scsi.FaultInjection;
import vmm.scsi.UnitAttention;

/**
 * A machine while it runs, as those see and change it who control it. Any thread may call, at any time; before the
 * first and after the last life there is nothing to see.
 *
 * <p>What cannot be is refused by a {@link RefusedException}, what the host cannot do by a
 * {@link vmm.linux.HostException}; then nothing has changed. What is plugged and unplugged outlives a reset.
 */
public interface RunningMachine {
    /** What the user calls it. */
    String name();

    /** What it does at this moment. */
    RunState state();

    /** The machine as it is now: with what was plugged, without what is gone. */
    MachineConfig config();

    /** The functions of its PCI bus now; empty while it begins or ends. */
    List<FunctionInfo> functions();

    /** Its virtio devices, and what their drivers have set up; empty while it begins or ends. */
    List<VirtioInfo> virtio();

    /** What a disk has done in this life; empty if it is not there, or is a range of logical units. */
    Optional<DiskCounters> counters(String id);

    /** Presses its power button, which asks the guest to shut down in order. */
    void pressPowerButton();

    /** Ends it as pulling its plug would, with its disks flushed. Returns at once; harmless when repeated. */
    void quit();

    /** Begins its next life, or ends it if it is not to {@linkplain MachineConfig#rebootOnReset start again}. */
    void reset();

    /** Stops its processors, until {@link #resume}; devices end what they have begun. */
    void pause();

    /** Ends a {@link #pause}, and has disks try again what failed. */
    void resume();

    /** The images that are open, each under a name. */
    List<NodeConfig> nodes();

    /** Opens an image. */
    void addNode(NodeConfig node);

    /** Closes an image and gives its lock back; refused while a device uses it. */
    void removeNode(String name);

    /** The size of an image in bytes; 0 of a disc that is opened when its drive's tray closes. */
    long size(String node);

    /**
     * Grows or shrinks an image, and tells the guest by the device that uses it.
     *
     * @param bytes a multiple of 512
     */
    void resize(String node, long bytes);

    /** Gives a disk other limits; none to lift them. */
    void throttle(String device, DiskLimits limits);

    /**
     * Plugs a SCSI controller into a free place of the PCI bus. The guest is told when the slot has a function 0.
     *
     * @param id its name among the machine's devices
     */
    void plug(MachineRequest.Controller controller, String id);

    /**
     * Plugs a disk: a logical unit behind a controller, or a function of the PCI bus. What the request leaves open is
     * chosen.
     *
     * @param disk its image is the node's; has an id
     * @param node what keeps its data, used by no other device; empty for a CD-ROM drive without disc
     */
    void plug(MachineRequest.Disk disk, String node);

    /**
     * Takes a device away. A logical unit is gone when this returns. The guest is asked to let go of a PCI function and
     * all others of its slot; {@link MachineEvent.DeviceDeleted} tells of each when it has, or
     * {@link MachineEvent.UnplugRefused}. A guest without a driver answers nothing, and can be asked again after some
     * seconds; the next reset does without it. A controller takes its logical units along.
     */
    void unplug(String id);

    /** What the tray of a CD-ROM drive does; empty of what is no such drive, and while the machine begins or ends. */
    Optional<Tray> tray(String id);

    /**
     * The tray of a drive.
     *
     * @param open true if it is out
     * @param locked true if the guest prevents that it comes out
     */
    record Tray(boolean open, boolean locked) {}

    /**
     * Opens the tray of a CD-ROM drive. If the guest prevents that, it is told of the wish instead, and may open it.
     *
     * @param force true to open it even then
     * @throws RefusedException if the tray is locked
     */
    void openTray(String id, boolean force);

    /** Closes the tray of a CD-ROM drive, with what is on it. */
    void closeTray(String id);

    /**
     * Puts another disc on the tray of a CD-ROM drive, which must be out.
     *
     * @param node what keeps the disc's data; none to leave the tray empty
     */
    void changeMedium(String id, Optional<String> node);

    /** What is still to go wrong on purpose in a logical unit; empty of what is none, or is a range of them. */
    Optional<FaultInjection.State> faults(String id);

    /** Changes what goes wrong on purpose in a logical unit. The next life begins without. */
    void inject(String id, Consumer<FaultInjection> change);

    /** Has a logical unit tell this to every initiator before it does anything else for it. */
    void raise(String id, UnitAttention attention);

    /** Has {@code listener} told of what happens, one event at a time, by threads that must not be kept. */
    void listen(Consumer<MachineEvent> listener);

    /** Tells a listener no more. */
    void unlisten(Consumer<MachineEvent> listener);
}
