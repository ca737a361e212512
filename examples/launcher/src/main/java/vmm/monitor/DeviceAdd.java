package vmm.monitor;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;
import vmm.block.ErrorPolicy;
import vmm.block.ErrorPolicy.Action;
import vmm.control.QmpException;
import vmm.machine.DiskAddress;
import vmm.machine.DiskLimits;
import vmm.machine.DiskPolicy;
import vmm.machine.LunRange;
import vmm.machine.MachineConfig;
import vmm.machine.MachineRequest;
import vmm.machine.MachineRequest.Bus;
import vmm.machine.MachineRequest.Kind;
import vmm.machine.MachineRequest.Place;
import vmm.machine.MachineRequest.Virtio;
import vmm.machine.NodeConfig;
import vmm.machine.NumberRange;
import vmm.machine.RunningMachine;
import vmm.scsi.WorldWideName;
import vmm.virtio.RingFeatures;
import vmm.virtio.pci.VirtioTransport;

/**
 * One {@code device_add}: from properties to what a machine can plug. What QEMU would check is checked in its order and
 * refused in its words; the machine has the last one.
 */
final class DeviceAdd {
    /** What every device has beside its properties. */
    private static final Set<String> COMMON = Set.of("driver", "id", "bus");

    private static final String PCI_BUS = "pci.0";
    private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z][A-Za-z0-9._-]*");
    private static final int MAX_TARGET = 255;
    private static final int MAX_LUN = 16383;
    private static final int SMALLEST_BLOCK = 512;
    private static final int LARGEST_BLOCK = 2 << 20;
    private static final int OPEN_QUEUES = 0xffff;
    private static final int FUNCTIONS = 8;

    private static final BlockOptions NO_DISC =
            new BlockOptions("", true, Format.UNSPECIFIED, Cache.WRITEBACK, Aio.AUTO, true);

    private final RunningMachine machine;
    private final MachineConfig config;
    private final DeviceType type;
    private final String id;
    private final Optional<String> bus;
    private final Map<String, Object> values = new HashMap<>();

    /** A place for a logical unit. If its number is left open, the machine takes the first that is free. */
    private record Unit(int controller, NumberRange target, Optional<NumberRange> lun) {}

    private DeviceAdd(RunningMachine machine, ObjectNode arguments) throws QmpException {
        this.machine = machine;
        this.config = machine.config();
        String driver =
                text(arguments, "driver").orElseThrow(() -> QmpException.generic("Parameter 'driver' is missing"));
        Optional<String> name = text(arguments, "id");
        check(name.isEmpty() || IDENTIFIER.matcher(name.get()).matches(), "Parameter 'id' expects an identifier");
        type = DeviceType.of(driver)
                .orElseThrow(() -> QmpException.generic("'" + driver + "' is not a valid device model name"));
        bus = text(arguments, "bus");
        checkBus();
        id = name.orElseThrow(() -> QmpException.generic("Parameter 'id' is missing"));
        check(Device.find(config, id).isEmpty(), "Duplicate device ID '" + id + "'");
        for (Map.Entry<String, JsonNode> argument : arguments.properties()) {
            if (!COMMON.contains(argument.getKey())) {
                put(argument.getKey(), argument.getValue());
            }
        }
    }

    /** Plugs what the arguments describe. */
    static void run(RunningMachine machine, ObjectNode arguments) throws QmpException {
        DeviceAdd add = new DeviceAdd(machine, arguments);
        switch (add.type) {
            case VIRTIO_SCSI -> machine.plug(add.controller(), add.id);
            case VIRTIO_BLK, SCSI_HD, SCSI_CD -> add.plugDisk();
        }
    }

    private static Optional<String> text(ObjectNode arguments, String name) throws QmpException {
        JsonNode value = arguments.get(name);
        return value == null ? Optional.empty() : Optional.of((String) PropertyType.STR.parse("", name, value));
    }

    private void put(String name, JsonNode value) throws QmpException {
        Property property = type.property(name)
                .orElseThrow(() -> QmpException.generic("Property '" + type.driver() + "." + name + "' not found"));
        values.put(name, property.type().parse(type.driver(), name, value));
    }

    private void checkBus() throws QmpException {
        if (bus.isEmpty()) {
            check(
                    type.isOnPciBus() || !config.controllers().isEmpty(),
                    "No 'SCSI' bus found for device '" + type.driver() + "'");
            return;
        }
        boolean pci = bus.get().equals(PCI_BUS);
        check(pci || controllerOf(bus.get()).isPresent(), "Bus '" + bus.get() + "' not found");
        check(
                pci == type.isOnPciBus(),
                "Device '" + type.driver() + "' can't go on " + (pci ? "PCI" : "SCSI") + " bus");
    }

    /** The controller whose bus that is: it is called like the controller, with {@code .0} behind. */
    private Optional<Device.Controller> controllerOf(String name) {
        return config.controllers().stream()
                .map(Device.Controller::new)
                .filter(controller -> name.equals(controller.id() + ".0"))
                .findFirst();
    }

    private MachineRequest.Controller controller() throws QmpException {
        return new MachineRequest.Controller(
                OptionalInt.empty(),
                virtio("num_queues"),
                number("virtqueue_size"),
                number("cmd_per_lun"),
                number("max_sectors"),
                number("x-seg-max"));
    }

    private void plugDisk() throws QmpException {
        Optional<NodeConfig> node = node();
        OptionalInt controller = OptionalInt.empty();
        Optional<NumberRange> target = Optional.empty();
        Optional<NumberRange> lun = Optional.empty();
        Virtio virtio = Virtio.ANY;
        if (type.isOnPciBus()) {
            virtio = virtio("num-queues");
        } else {
            Unit unit = place();
            controller = OptionalInt.of(unit.controller());
            target = Optional.of(unit.target());
            lun = unit.lun();
        }
        MachineRequest.Disk disk = new MachineRequest.Disk(
                Optional.of(id),
                type == DeviceType.SCSI_CD ? Kind.CDROM : Kind.DISK,
                node.map(NodeConfig::image).orElse(NO_DISC),
                string("serial"),
                wwn(),
                string("vendor"),
                string("product"),
                blockSize("logical_block_size").orElse(SMALLEST_BLOCK),
                physicalBlockSize(),
                isOn("removable"),
                bootIndex(),
                type.isOnPciBus() ? Bus.VIRTIO : Bus.SCSI,
                controller,
                target,
                lun,
                virtio,
                policy(node.map(NodeConfig::policy).orElse(DiskPolicy.DEFAULT).limits()));
        machine.plug(disk, node.map(NodeConfig::name).orElse(""));
    }

    private Optional<NodeConfig> node() throws QmpException {
        Optional<String> drive = string("drive");
        if (drive.isEmpty()) {
            check(type == DeviceType.SCSI_CD, "drive property not set");
            return Optional.empty();
        }
        for (NodeConfig node : machine.nodes()) {
            if (node.name().equals(drive.get())) {
                return Optional.of(node);
            }
        }
        throw QmpException.generic("Property '" + type.driver() + ".drive' can't find value '" + drive.get() + "'");
    }

    /** As in QEMU, a unit that does not say where it wants to be gets a target of its own. */
    private Unit place() throws QmpException {
        int index = bus.flatMap(this::controllerOf)
                .map(found -> found.config().index())
                .orElseGet(() -> config.controllers().getFirst().index());
        long channel = number("channel").orElse(0);
        check(channel == 0, "bad scsi channel id: " + channel);
        OptionalLong target = wide("scsi-id");
        check(target.orElse(0) <= MAX_TARGET, "bad scsi device id: " + target.orElse(0));
        OptionalLong lun = wide("lun");
        check(lun.orElse(0) <= MAX_LUN, "bad scsi device lun: " + lun.orElse(0));
        return target.isPresent()
                ? new Unit(
                        index,
                        number(target.getAsLong()),
                        lun.stream().mapToObj(DeviceAdd::number).findFirst())
                : new Unit(index, freeTarget(index, lun.orElse(0)), Optional.of(number(lun.orElse(0))));
    }

    private NumberRange freeTarget(int controller, long lun) throws QmpException {
        for (int target = 0; target <= MAX_TARGET; target++) {
            LunRange place = new LunRange(controller, NumberRange.of(target), number(lun));
            boolean taken = config.disks().stream()
                    .anyMatch(disk -> disk.address() instanceof DiskAddress.Scsi scsi
                            && scsi.places().stream().anyMatch(place::overlaps));
            if (!taken) {
                return place.targets();
            }
        }
        throw QmpException.generic("no free target");
    }

    private static NumberRange number(long number) {
        return NumberRange.of((int) number);
    }

    private Virtio virtio(String queues) throws QmpException {
        OptionalInt wanted = number(queues);
        return new Virtio(
                pciPlace(),
                transport(),
                wanted.isPresent() && (wanted.getAsInt() == OPEN_QUEUES || wanted.getAsInt() == -1)
                        ? OptionalInt.empty()
                        : wanted,
                iothread().stream().boxed().toList(),
                new RingFeatures(
                        isOn("indirect_desc", RingFeatures.DEFAULT.indirect()),
                        isOn("event_idx", RingFeatures.DEFAULT.eventIdx()),
                        isOn("packed"),
                        isOn("in_order"),
                        isOn("queue_reset", RingFeatures.DEFAULT.ringReset()),
                        isOn("notification_data")));
    }

    private Place pciPlace() {
        OptionalInt wanted = number("addr");
        if (wanted.isEmpty()) {
            return Place.ANYWHERE;
        }
        int address = wanted.getAsInt();
        return new Place(OptionalInt.of(address / FUNCTIONS), OptionalInt.of(address % FUNCTIONS));
    }

    private Optional<VirtioTransport> transport() throws QmpException {
        String legacy = string("disable-legacy").orElse("auto");
        boolean noModern = isOn("disable-modern");
        check(!(legacy.equals("on") && noModern), "device cannot work as neither modern nor legacy mode is enabled");
        if (noModern) {
            return Optional.of(VirtioTransport.LEGACY);
        }
        return switch (legacy) {
            case "on" -> Optional.of(VirtioTransport.MODERN);
            case "off" -> Optional.of(VirtioTransport.TRANSITIONAL);
            default -> Optional.empty();
        };
    }

    private OptionalInt iothread() throws QmpException {
        Optional<String> name = string("iothread");
        if (name.isEmpty()) {
            return OptionalInt.empty();
        }
        for (int number = 1; number <= config.iothreads(); number++) {
            if (name.get().equals("iothread" + number)) {
                return OptionalInt.of(number);
            }
        }
        throw QmpException.deviceNotFound(name.get());
    }

    private OptionalInt blockSize(String name) throws QmpException {
        OptionalLong size = wide(name);
        if (size.isEmpty() || size.getAsLong() == 0) {
            return OptionalInt.empty();
        }
        long bytes = size.getAsLong();
        String property = "Property " + id + "." + name + " doesn't take value ";
        check(
                bytes >= SMALLEST_BLOCK && bytes <= LARGEST_BLOCK,
                property + bytes + " (minimum: " + SMALLEST_BLOCK + ", maximum: " + LARGEST_BLOCK + ")");
        check(Long.bitCount(bytes) == 1, property + "'" + bytes + "', it's not a power of 2");
        return OptionalInt.of((int) bytes);
    }

    private OptionalInt physicalBlockSize() throws QmpException {
        OptionalInt physical = blockSize("physical_block_size");
        check(
                blockSize("logical_block_size").orElse(SMALLEST_BLOCK) <= physical.orElse(SMALLEST_BLOCK),
                "logical_block_size > physical_block_size not supported");
        return physical;
    }

    /** By number, as in QEMU, or by any name. */
    private Optional<WorldWideName> wwn() throws QmpException {
        try {
            Optional<String> name = string("x-wwn").filter(given -> !given.isEmpty());
            if (name.isPresent()) {
                return name.map(WorldWideName::parse);
            }
            return values.get("wwn") instanceof Long number && number != 0
                    ? Optional.of(WorldWideName.naa(number))
                    : Optional.empty();
        } catch (IllegalArgumentException noName) {
            throw QmpException.generic(String.valueOf(noName.getMessage()));
        }
    }

    /** Numbers from 0 in QEMU; 0 is no place of its own here. */
    private OptionalInt bootIndex() {
        OptionalInt index = number("bootindex");
        return index.isPresent() && index.getAsInt() >= 0 ? index : OptionalInt.empty();
    }

    private DiskPolicy policy(DiskLimits limits) throws QmpException {
        return new DiskPolicy(
                new ErrorPolicy(
                        action("rerror", ErrorPolicy.DEFAULT.read()), action("werror", ErrorPolicy.DEFAULT.write())),
                limits,
                isOn("x-secure-erase"),
                number("x-protection").orElse(0));
    }

    private Action action(String name, Action byDefault) throws QmpException {
        check(
                !(name.equals("rerror") && string(name).orElse("").equals("enospc")),
                "Parameter 'rerror' does not accept value 'enospc'");
        return switch (string(name).orElse("auto")) {
            case "report" -> Action.REPORT;
            case "ignore" -> Action.IGNORE;
            case "enospc" -> Action.ENOSPC;
            case "stop" -> Action.STOP;
            default -> byDefault;
        };
    }

    private Optional<String> string(String name) {
        return Optional.ofNullable((String) values.get(name));
    }

    private OptionalInt number(String name) {
        return values.get(name) instanceof Long number ? OptionalInt.of(number.intValue()) : OptionalInt.empty();
    }

    /** A number that says by all its bits that it is left open counts as none. */
    private OptionalLong wide(String name) {
        return values.get(name) instanceof Long number && number != 0xffff_ffffL
                ? OptionalLong.of(number)
                : OptionalLong.empty();
    }

    private boolean isOn(String name) {
        return isOn(name, false);
    }

    private boolean isOn(String name, boolean byDefault) {
        return (boolean) Objects.requireNonNullElse(values.get(name), byDefault);
    }

    private static void check(boolean condition, String description) throws QmpException {
        if (!condition) {
            throw QmpException.generic(description);
        }
    }
}
