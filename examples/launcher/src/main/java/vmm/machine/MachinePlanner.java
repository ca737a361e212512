package vmm.machine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import vmm.machine.MachineRequest.Bus;
import vmm.machine.MachineRequest.Controller;
import vmm.machine.MachineRequest.Disk;
import vmm.machine.MachineRequest.Virtio;
import vmm.virtio.pci.VirtioTransport;

/**
 * Turns what a user asked for into a machine: fills in what was left open and refuses what cannot be, before anything
 * of the host is touched.
 *
 * <p>What the user placed keeps its place. The rest follows in the order in which it was asked for: PCI slots from 2
 * up, controller 0 with the first SCSI disk, logical unit numbers from 0 up.
 */
public final class MachinePlanner {
    /** The least RAM in bytes that a machine may have. */
    public static final long MIN_MEMORY = 64L << 20;

    /** The most vCPUs: an APIC ID has 8 bits, and 255 means all of them. */
    public static final int MAX_CPUS = 255;

    /** The most request queues of a device. */
    public static final int MAX_QUEUES = 64;

    /** The most I/O threads that devices share. */
    public static final int MAX_IOTHREADS = 64;

    private static final int MAX_TARGET = 255;
    private static final int MAX_LUN = 16383;
    private static final int MAX_VIRTIO_SERIAL = 20;
    private static final int MAX_SCSI_SERIAL = 36;
    private static final int MAX_VENDOR = 8;
    private static final int MAX_PRODUCT = 16;
    private static final int MAX_PHYSICAL_BLOCK = 64 << 10;
    private static final String VENDOR = "VMM";
    private static final String PRODUCT = "VIRTUAL DISK";
    private static final Controller ANY_CONTROLLER = new Controller(OptionalInt.empty(), Virtio.ANY);

    private final MachineRequest request;
    private final PciPlan pci = new PciPlan();
    private final TreeMap<Integer, ControllerConfig> controllers = new TreeMap<>();
    private final Map<DiskAddress.Scsi, String> units = new HashMap<>();

    private MachinePlanner(MachineRequest request) {
        this.request = request;
    }

    /**
     * Plans a machine.
     *
     * @throws ConfigurationException if it cannot be, with one sentence that says why and what to do
     */
    public static MachineConfig plan(MachineRequest request, HostLimits host) {
        checkMemory(request.memoryBytes(), host);
        if (request.cpus() < 1 || request.cpus() > MAX_CPUS) {
            throw new ConfigurationException(
                    "A machine has 1 to " + MAX_CPUS + " vCPUs, not " + request.cpus() + "; change --cpus.");
        }
        if (request.iothreads() < 0 || request.iothreads() > MAX_IOTHREADS) {
            throw new ConfigurationException("A machine has at most " + MAX_IOTHREADS + " shared I/O threads, not "
                    + request.iothreads() + "; change --iothreads.");
        }
        return new MachinePlanner(request).plan();
    }

    private static void checkMemory(long bytes, HostLimits host) {
        if (bytes < MIN_MEMORY) {
            throw new ConfigurationException("A machine needs at least " + mebibytes(MIN_MEMORY) + " of memory, not "
                    + (bytes < 1 << 20 ? bytes + " bytes" : mebibytes(bytes)) + "; raise --memory.");
        }
        if ((bytes & 0xFFFFF) != 0) {
            throw new ConfigurationException("Memory comes in whole MiB, and " + bytes
                    + " bytes are not; write for example --memory " + (bytes >> 20) + "M.");
        }
        if (bytes > host.memoryBytes()) {
            throw new ConfigurationException("This host has " + mebibytes(host.memoryBytes())
                    + " of memory and cannot give " + mebibytes(bytes) + "; lower --memory.");
        }
    }

    private static String mebibytes(long bytes) {
        return (bytes >> 20) + " MiB";
    }

    private MachineConfig plan() {
        List<String> ids = diskIds();
        List<Controller> wanted = controllersWanted();
        List<Integer> indexes = controllerIndexes(wanted);

        List<@Nullable PciAddress> controllerPlaces = new ArrayList<>();
        for (int i = 0; i < wanted.size(); i++) {
            controllerPlaces.add(pci.claim(
                    "Controller " + indexes.get(i), wanted.get(i).virtio().place()));
        }
        List<@Nullable PciAddress> diskPlaces = new ArrayList<>();
        for (int i = 0; i < ids.size(); i++) {
            diskPlaces.add(pci.claim(
                    "Disk " + ids.get(i), request.disks().get(i).virtio().place()));
        }

        for (int i = 0; i < wanted.size(); i++) {
            int index = indexes.get(i);
            PciAddress place = controllerPlaces.get(i);
            PciAddress address = place != null ? place : pci.next("Controller " + index);
            controllers.put(index, controller(index, address, wanted.get(i).virtio()));
        }
        claimLogicalUnits(ids);
        List<DiskConfig> disks = new ArrayList<>();
        for (int i = 0; i < ids.size(); i++) {
            disks.add(disk(ids.get(i), request.disks().get(i), diskPlaces.get(i)));
        }
        pci.checkFirstFunctions();
        return new MachineConfig(
                request.name(),
                request.memoryBytes(),
                request.cpus(),
                request.iothreads(),
                request.loop(),
                request.boot(),
                List.copyOf(controllers.values()),
                disks,
                request.serial(),
                request.rebootOnReset(),
                request.debugExit());
    }

    private List<String> diskIds() {
        Set<String> taken = new HashSet<>();
        for (Disk disk : request.disks()) {
            disk.id().ifPresent(id -> {
                if (!taken.add(id)) {
                    throw new ConfigurationException("Two disks are called " + id + "; change the id= of one.");
                }
            });
        }
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < request.disks().size(); i++) {
            String automatic = "drive" + i;
            Optional<String> given = request.disks().get(i).id();
            if (given.isEmpty() && !taken.add(automatic)) {
                throw new ConfigurationException("Disk number " + i + " would be called " + automatic
                        + ", as another disk is already; give it an id= of its own.");
            }
            ids.add(given.orElse(automatic));
        }
        return ids;
    }

    /** The controllers asked for, and number 0 if a disk needs it and nobody asked for any. */
    private List<Controller> controllersWanted() {
        boolean scsi = request.disks().stream().anyMatch(disk -> disk.bus() == Bus.SCSI);
        return request.controllers().isEmpty() && scsi ? List.of(ANY_CONTROLLER) : request.controllers();
    }

    private static List<Integer> controllerIndexes(List<Controller> wanted) {
        Set<Integer> taken = new HashSet<>();
        for (Controller controller : wanted) {
            controller.index().ifPresent(index -> {
                if (index < 0 || index > MAX_TARGET) {
                    throw new ConfigurationException("Controllers are numbered 0 to " + MAX_TARGET + ", and " + index
                            + " is not one of those; change index=.");
                }
                if (!taken.add(index)) {
                    throw new ConfigurationException(
                            "Two controllers have index " + index + "; change the index= of one.");
                }
            });
        }
        List<Integer> indexes = new ArrayList<>();
        for (Controller controller : wanted) {
            int index = controller.index().orElseGet(() -> firstFree(taken));
            taken.add(index);
            indexes.add(index);
        }
        return indexes;
    }

    private static int firstFree(Set<Integer> taken) {
        int free = 0;
        while (taken.contains(free)) {
            free++;
        }
        return free;
    }

    private ControllerConfig controller(int index, PciAddress address, Virtio wanted) {
        if (wanted.iothreads().size() > 1) {
            throw new ConfigurationException("Controller " + index
                    + " wants several I/O threads, but one serves a controller and all disks behind it;"
                    + " name one in iothreads=.");
        }
        return new ControllerConfig(index, virtio("Controller " + index, address, wanted));
    }

    private VirtioConfig virtio(String device, PciAddress address, Virtio wanted) {
        int queues = wanted.queues().orElse(Math.min(request.cpus(), MAX_QUEUES));
        if (queues < 1 || queues > MAX_QUEUES) {
            throw new ConfigurationException(device + " wants " + queues + " request queues, but may have 1 to "
                    + MAX_QUEUES + "; change queues=.");
        }
        for (int iothread : wanted.iothreads()) {
            if (iothread < 1 || iothread > request.iothreads()) {
                throw new ConfigurationException(device + " wants I/O thread " + iothread + ", and "
                        + (request.iothreads() == 0 ? "there are none" : "they are 1 to " + request.iothreads())
                        + "; add --iothreads " + Math.max(iothread, 1) + ", or change iothreads=.");
            }
        }
        VirtioTransport transport = wanted.transport().orElse(request.transport());
        if (transport == VirtioTransport.LEGACY && wanted.rings().packed()) {
            throw new ConfigurationException(device
                    + " wants packed queues, which the legacy interface does not have; leave packed= out, or give it"
                    + " virtio=modern.");
        }
        return new VirtioConfig(address, transport, queues, wanted.iothreads(), wanted.rings());
    }

    /** Reserves the logical units whose whole address the user gave, so that no automatic one takes their number. */
    private void claimLogicalUnits(List<String> ids) {
        for (int i = 0; i < ids.size(); i++) {
            Disk disk = request.disks().get(i);
            if (disk.bus() != Bus.SCSI) {
                continue;
            }
            String id = ids.get(i);
            int controller = disk.controller().orElse(0);
            int target = disk.target().orElse(0);
            if (!controllers.containsKey(controller)) {
                throw new ConfigurationException("Disk " + id + " is on SCSI controller " + controller
                        + ", which does not exist; add --controller scsi,index=" + controller + ".");
            }
            if (target < 0 || target > MAX_TARGET) {
                throw new ConfigurationException("Disk " + id + " wants target " + target
                        + ", but a controller has targets 0 to " + MAX_TARGET + "; take one of those.");
            }
            if (disk.lun().isPresent()) {
                int lun = disk.lun().getAsInt();
                if (lun < 0 || lun > MAX_LUN) {
                    throw new ConfigurationException("Disk " + id + " wants LUN " + lun
                            + ", but a target has LUNs 0 to " + MAX_LUN + "; take one of those.");
                }
                String other = units.putIfAbsent(new DiskAddress.Scsi(controller, target, lun), id);
                if (other != null) {
                    throw new ConfigurationException("Disks " + other + " and " + id + " are both LUN " + lun
                            + " of target " + target + " on controller " + controller + "; change the lun= of one.");
                }
            }
        }
    }

    private DiskConfig disk(String id, Disk disk, @Nullable PciAddress place) {
        DiskAddress address = switch (disk.bus()) {
            case SCSI -> logicalUnit(id, disk);
            case VIRTIO ->
                new DiskAddress.Virtio(
                        virtio("Disk " + id, place != null ? place : pci.next("Disk " + id), disk.virtio()));
        };
        int maxSerial = disk.bus() == Bus.SCSI ? MAX_SCSI_SERIAL : MAX_VIRTIO_SERIAL;
        String serial = disk.serial().orElse(id.substring(0, Math.min(id.length(), maxSerial)));
        return new DiskConfig(
                id,
                disk.image(),
                ascii(id, "serial", serial, maxSerial),
                disk.wwn(),
                ascii(id, "vendor", disk.vendor().orElse(VENDOR), MAX_VENDOR),
                ascii(id, "product", disk.product().orElse(PRODUCT), MAX_PRODUCT),
                logicalBlock(id, disk),
                physicalBlock(id, disk),
                address);
    }

    private DiskAddress.Scsi logicalUnit(String id, Disk disk) {
        int controller = disk.controller().orElse(0);
        int target = disk.target().orElse(0);
        if (disk.lun().isPresent()) {
            return new DiskAddress.Scsi(controller, target, disk.lun().getAsInt());
        }
        for (int lun = 0; lun <= MAX_LUN; lun++) {
            DiskAddress.Scsi address = new DiskAddress.Scsi(controller, target, lun);
            if (units.putIfAbsent(address, id) == null) {
                return address;
            }
        }
        throw new ConfigurationException("Disk " + id + " finds no free LUN on target " + target + " of controller "
                + controller + "; give it another target=.");
    }

    private static int logicalBlock(String id, Disk disk) {
        int size = disk.logicalBlockSize();
        if (size != 512 && size != 4096) {
            throw new ConfigurationException(
                    "Disk " + id + " wants logical blocks of " + size + " bytes; logical-block= takes 512 or 4096.");
        }
        return size;
    }

    private static int physicalBlock(String id, Disk disk) {
        int size = disk.physicalBlockSize().orElse(disk.logicalBlockSize());
        if (Integer.bitCount(size) != 1 || size < disk.logicalBlockSize() || size > MAX_PHYSICAL_BLOCK) {
            throw new ConfigurationException("Disk " + id + " wants physical blocks of " + size
                    + " bytes; physical-block= takes a power of two from " + disk.logicalBlockSize() + " to "
                    + MAX_PHYSICAL_BLOCK + ".");
        }
        return size;
    }

    private static String ascii(String id, String key, String value, int max) {
        if (value.length() > max || !value.chars().allMatch(c -> c >= ' ' && c <= '~')) {
            throw new ConfigurationException("Disk " + id + " has " + key + "=" + value + ", which must be at most "
                    + max + " printable ASCII characters; shorten or change it.");
        }
        return value;
    }
}
