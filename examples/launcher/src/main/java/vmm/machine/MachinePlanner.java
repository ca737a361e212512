package vmm.machine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import vmm.control.ControlPath;
import vmm.firmware.fwcfg.Items;
import vmm.machine.MachineRequest.Bus;
import vmm.machine.MachineRequest.Controller;
import vmm.machine.MachineRequest.Disk;
import vmm.scsi.ScsiBus;

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

    /** The most characters of a name, which leaves the rest of a socket's path some room. */
    public static final int MAX_NAME = 40;

    /** The most vCPUs: an APIC ID has 8 bits, and 255 means all of them. */
    public static final int MAX_CPUS = 255;

    /** The most request queues of a device. */
    public static final int MAX_QUEUES = 64;

    /** The most I/O threads that devices share. */
    public static final int MAX_IOTHREADS = 64;

    private static final int MAX_CONTROLLER = ScsiBus.MAX_NUMBER;

    private final MachineRequest request;
    private final PciPlan pci = new PciPlan();
    private final TreeMap<Integer, ControllerConfig> controllers = new TreeMap<>();
    private final LunPlan units = new LunPlan();
    private final VirtioPlan virtio;

    private MachinePlanner(MachineRequest request) {
        this.request = request;
        this.virtio = new VirtioPlan(request.cpus(), request.iothreads(), request.transport());
    }

    /**
     * Plans a machine.
     *
     * @throws ConfigurationException if it cannot be, with one sentence that says why and what to do
     */
    public static MachineConfig plan(MachineRequest request, HostLimits host) {
        checkName(request.name());
        checkSerial(request);
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

    /**
     * Checks the name of a machine, which is that of a folder and a word on the command line.
     *
     * @throws ConfigurationException if no machine can be called so
     */
    public static void checkName(String name) {
        if (name.length() > MAX_NAME || !name.matches("[A-Za-z0-9_][A-Za-z0-9_.+-]*")) {
            throw new ConfigurationException("A machine's name has 1 to " + MAX_NAME
                    + " letters, digits, dots, dashes, underscores and plus signs, and begins with no sign, unlike "
                    + name + "; change NAME.");
        }
    }

    /** The folder of a machine's own is there for its control socket, and ends with it. */
    private static void checkSerial(MachineRequest request) {
        boolean own = request.serial().equals(new SerialConfig.UnixSocket(ControlPath.console(request.name())));
        boolean folder = request.control().flatMap(ControlPath::own).isPresent();
        if (own && !folder) {
            throw new ConfigurationException("The serial port's socket would be beside the control socket, which"
                    + " --control puts elsewhere; leave that out, or add --serial unix:PATH.");
        }
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
            controllers.put(index, virtio.controller("scsi" + index, index, address, wanted.get(i)));
        }
        List<DiskLimits> limits = ThrottleGroups.plan(ids, request.disks());
        List<List<LunRange>> places = logicalUnits(ids);
        List<DiskConfig> disks = new ArrayList<>();
        for (int i = 0; i < ids.size(); i++) {
            Disk disk = request.disks().get(i);
            if (disk.bus() == Bus.VIRTIO) {
                DiskAddress address = virtioAddress(ids.get(i), disk, diskPlaces.get(i));
                disks.add(DiskPlan.plan(ids.get(i), ids.get(i), disk, address, limits.get(i)));
            } else if (!places.get(i).isEmpty()) {
                disks.add(DiskPlan.plan(
                        ids.get(i), ids.get(i), disk, new DiskAddress.Scsi(places.get(i)), limits.get(i)));
            }
        }
        pci.checkFirstFunctions();
        checkBootIndexes(disks);
        return new MachineConfig(
                request.name(),
                request.memoryBytes(),
                request.cpus(),
                request.iothreads(),
                request.loop(),
                request.boot(),
                request.transport(),
                List.copyOf(controllers.values()),
                disks,
                request.serial(),
                request.control(),
                request.rebootOnReset(),
                request.debugExit(),
                fwCfg());
    }

    private static void checkBootIndexes(List<DiskConfig> disks) {
        Map<Integer, String> taken = new HashMap<>();
        for (DiskConfig disk : disks) {
            disk.bootIndex().ifPresent(index -> {
                String other = taken.putIfAbsent(index, disk.id());
                if (other != null) {
                    throw new ConfigurationException(
                            "Disks " + other + " and " + disk.id() + " both have boot=" + index + "; change one.");
                }
            });
        }
    }

    private List<FwCfgItem> fwCfg() {
        Set<String> taken = new HashSet<>();
        for (FwCfgItem item : request.fwCfg()) {
            String name = item.name();
            boolean plain = name.chars().allMatch(c -> c > ' ' && c <= '~');
            if (!name.startsWith(FwCfgItem.PREFIX) || name.length() > Items.MOST_NAME || !plain) {
                throw new ConfigurationException("The fw_cfg item " + name + " must be called " + FwCfgItem.PREFIX
                        + " and more, at most " + Items.MOST_NAME + " printable ASCII characters; change its name=.");
            }
            if (!taken.add(name)) {
                throw new ConfigurationException("Two fw_cfg items are called " + name + "; change the name= of one.");
            }
        }
        return request.fwCfg();
    }

    private List<String> diskIds() {
        List<Disk> disks = request.disks();
        Set<String> taken = new HashSet<>();
        for (int i = 0; i < disks.size(); i++) {
            Optional<String> id = disks.get(i).id();
            if (id.isPresent() && firstOf(i) == i && !taken.add(id.get())) {
                throw new ConfigurationException("Two disks are called " + id.get() + "; change the id= of one.");
            }
        }
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < disks.size(); i++) {
            Optional<String> given = disks.get(i).id();
            int first = firstOf(i);
            if (first != i) {
                checkSameUnit(ids.get(first), disks.get(first), disks.get(i));
                ids.add(ids.get(first));
                continue;
            }
            String automatic = "drive" + i;
            if (given.isEmpty() && !taken.add(automatic)) {
                throw new ConfigurationException("Disk number " + i + " would be called " + automatic
                        + ", as another disk is already; give it an id= of its own.");
            }
            ids.add(given.orElse(automatic));
        }
        return ids;
    }

    /** The first disk that is the same logical unit as this one; this one itself, unless it is shared. */
    private int firstOf(int index) {
        Disk disk = request.disks().get(index);
        for (int i = 0; disk.image().shareable() && i < index; i++) {
            if (request.disks().get(i).isSameUnit(disk)) {
                return i;
            }
        }
        return index;
    }

    private static void checkSameUnit(String id, Disk first, Disk again) {
        if (again.id().isPresent() && !again.id().get().equals(id)) {
            throw new ConfigurationException("Disk " + again.id().get() + " is the same shareable image as " + id
                    + ", and so the same logical unit at another address; leave its id= out.");
        }
        if (!again.equals(first.at(again))) {
            throw new ConfigurationException("Disk " + id + " is one logical unit at several addresses, so what is said"
                    + " of it must be the same each time; repeat all its keys but controller=, target= and lun=.");
        }
    }

    /** The controllers asked for, and number 0 if a disk needs it and nobody asked for any. */
    private List<Controller> controllersWanted() {
        boolean scsi = request.disks().stream().anyMatch(disk -> disk.bus() == Bus.SCSI);
        return request.controllers().isEmpty() && scsi ? List.of(Controller.ANY) : request.controllers();
    }

    private static List<Integer> controllerIndexes(List<Controller> wanted) {
        Set<Integer> taken = new HashSet<>();
        for (Controller controller : wanted) {
            controller.index().ifPresent(index -> {
                if (index < 0 || index > MAX_CONTROLLER) {
                    throw new ConfigurationException("Controllers are numbered 0 to " + MAX_CONTROLLER + ", and "
                            + index + " is not one of those; change index=.");
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

    private DiskAddress virtioAddress(String id, Disk disk, @Nullable PciAddress place) {
        return new DiskAddress.Virtio(
                virtio.virtio("Disk " + id, place != null ? place : pci.next("Disk " + id), disk.virtio()));
    }

    /**
     * Where each SCSI disk is; nowhere if it is the same logical unit as one before it, which then has its place, too.
     * First come those whose whole address the user gave, so that no automatic one takes their number.
     */
    private List<List<LunRange>> logicalUnits(List<String> ids) {
        List<List<LunRange>> places = new ArrayList<>();
        for (int i = 0; i < ids.size(); i++) {
            places.add(new ArrayList<>());
            Disk disk = request.disks().get(i);
            if (disk.bus() == Bus.SCSI) {
                String id = ids.get(i);
                int controller = checkedController(id, disk);
                NumberRange targets = disk.targets().orElse(NumberRange.of(0));
                LunPlan.checkTargets(id, targets);
                disk.luns().ifPresent(luns -> units.claim(id, new LunRange(controller, targets, luns)));
            }
        }
        for (int i = 0; i < ids.size(); i++) {
            Disk disk = request.disks().get(i);
            if (disk.bus() == Bus.SCSI) {
                String id = ids.get(i);
                int controller = disk.controller().orElse(0);
                NumberRange targets = disk.targets().orElse(NumberRange.of(0));
                places.get(firstOf(i))
                        .add(disk.luns()
                                .map(luns -> new LunRange(controller, targets, luns))
                                .orElseGet(() -> units.next(id, controller, targets)));
            }
        }
        return places;
    }

    private int checkedController(String id, Disk disk) {
        int controller = disk.controller().orElse(0);
        if (!controllers.containsKey(controller)) {
            throw new ConfigurationException("Disk " + id + " is on SCSI controller " + controller
                    + ", which does not exist; add --controller scsi,index=" + controller + ".");
        }
        return controller;
    }
}
