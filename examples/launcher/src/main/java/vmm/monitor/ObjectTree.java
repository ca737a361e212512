package vmm.monitor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import vmm.control.QmpAnswer;
import vmm.control.QmpException;
import vmm.machine.ControllerConfig;
import vmm.machine.DiskAddress;
import vmm.machine.DiskConfig;
import vmm.machine.LunRange;
import vmm.machine.PciAddress;
import vmm.machine.RunningMachine;
import vmm.machine.VirtioConfig;
import vmm.monitor.Schema.JsonType;
import vmm.scsi.WorldWideName;

/** The tree of objects that QMP shows, as far as it leads to devices. */
final class ObjectTree {
    static final String PERIPHERAL = "/machine/peripheral";

    private static final String CONTAINER = "container";
    private static final String MACHINE = "pc-i440fx-machine";
    private static final int FUNCTIONS = 8;

    private final RunningMachine machine;

    private ObjectTree(RunningMachine machine) {
        this.machine = machine;
    }

    /** Something about an object: what QMP calls its type, and its value. */
    private record Member(String type, Object value) {}

    static List<Command> of(RunningMachine machine) {
        ObjectTree tree = new ObjectTree(machine);
        return List.of(
                new Command(
                        "qom-list",
                        Schema.NONE.required("path", JsonType.STRING),
                        arguments -> QmpAnswer.of(tree.list(arguments.string("path")))),
                new Command(
                        "qom-get",
                        Schema.NONE.required("path", JsonType.STRING).required("property", JsonType.STRING),
                        arguments -> QmpAnswer.of(tree.get(arguments.string("path"), arguments.string("property")))));
    }

    /** The path of a device that has an id. */
    static String device(String id) {
        return PERIPHERAL + "/" + id;
    }

    /** The path of the virtio device behind a function of the PCI bus. */
    static String backend(String id) {
        return device(id) + "/virtio-backend";
    }

    /** The path of a processor: between the first and the second QEMU has an interrupt controller. */
    static String processor(int index) {
        return "/machine/unattached/device[" + (index == 0 ? 0 : index + 1) + "]";
    }

    private List<Map<String, String>> list(String path) throws QmpException {
        List<Map<String, String>> members = new ArrayList<>();
        object(path).forEach((name, member) -> members.add(Map.of("name", name, "type", member.type())));
        return members;
    }

    private Object get(String path, String property) throws QmpException {
        Map<String, Member> object = object(path);
        Member member = object.get(property);
        if (member == null) {
            String type = String.valueOf(
                    object.getOrDefault("type", new Member("", CONTAINER)).value());
            throw QmpException.generic("Property '" + type + "." + property + "' not found");
        }
        return member.value();
    }

    private Map<String, Member> object(String path) throws QmpException {
        return switch (path) {
            case "/" -> object(CONTAINER, Map.of("machine", child(MACHINE, "/machine")));
            case "/machine" -> object(MACHINE, Map.of("peripheral", child(CONTAINER, PERIPHERAL)));
            case PERIPHERAL -> peripheral();
            default -> {
                Optional<Device> device = Device.find(machine.config(), path);
                if (device.isPresent()) {
                    yield device(device.get());
                }
                throw QmpException.deviceNotFound(path);
            }
        };
    }

    private Map<String, Member> peripheral() {
        Map<String, Member> children = new LinkedHashMap<>();
        for (Device device : Device.of(machine.config())) {
            children.put(device.id(), child(device.type().driver(), device(device.id())));
        }
        return object(CONTAINER, children);
    }

    private static Map<String, Member> object(String type, Map<String, Member> others) {
        Map<String, Member> object = new LinkedHashMap<>();
        object.put("type", new Member("string", type));
        object.putAll(others);
        return object;
    }

    private static Member child(String type, String path) {
        return new Member("child<" + type + ">", path);
    }

    private Map<String, Member> device(Device device) {
        Map<String, Member> object = object(device.type().driver(), Map.of());
        object.put("realized", new Member("bool", true));
        object.put("hotpluggable", new Member("bool", true));
        switch (device) {
            case Device.Controller controller -> {
                pci(object, controller.config().virtio());
                put(object, device, "num_queues", controller.config().virtio().queues());
                limits(object, controller);
            }
            case Device.Disk disk -> disk(object, disk);
        }
        return object;
    }

    private static void limits(Map<String, Member> object, Device.Controller controller) {
        ControllerConfig.Limits limits = controller.config().limits();
        put(object, controller, "virtqueue_size", limits.queueSize());
        put(object, controller, "cmd_per_lun", limits.cmdPerLun());
        put(object, controller, "max_sectors", limits.maxSectors());
    }

    private void disk(Map<String, Member> object, Device.Disk device) {
        DiskConfig disk = device.config();
        switch (disk.address()) {
            case DiskAddress.Virtio blk -> {
                pci(object, blk.virtio());
                put(object, device, "num-queues", blk.virtio().queues());
            }
            case DiskAddress.Scsi scsi -> unit(object, device, scsi.places().getFirst());
        }
        put(object, device, "drive", disk.node());
        put(object, device, "serial", disk.serial());
        put(object, device, "share-rw", disk.image().shareable());
        put(object, device, "rerror", disk.policy().errors().read().name().toLowerCase(Locale.ROOT));
        put(object, device, "werror", disk.policy().errors().write().name().toLowerCase(Locale.ROOT));
        put(object, device, "logical_block_size", disk.logicalBlockSize());
        put(object, device, "physical_block_size", disk.physicalBlockSize());
        put(object, device, "removable", disk.removable());
        put(object, device, "bootindex", disk.bootIndex().orElse(-1));
    }

    private void unit(Map<String, Member> object, Device.Disk device, LunRange place) {
        Device.controller(machine.config(), place.controller())
                .ifPresent(controller -> object.put(
                        "parent_bus",
                        new Member("link<bus>", backend(controller.id()) + "/" + controller.id() + ".0")));
        put(object, device, "channel", 0);
        put(object, device, "scsi-id", place.targets().first());
        put(object, device, "lun", place.luns().first());
        put(object, device, "vendor", device.config().vendor());
        put(object, device, "product", device.config().product());
        OptionalLong number = device.config().wwn().map(WorldWideName::number).orElse(OptionalLong.empty());
        put(object, device, "wwn", number.orElse(0));
    }

    private static void pci(Map<String, Member> object, VirtioConfig virtio) {
        PciAddress address = virtio.address();
        object.put("parent_bus", new Member("link<bus>", "/machine/i440fx/pci.0"));
        object.put("addr", new Member("int32", address.slot() * FUNCTIONS + address.function()));
        object.put("legacy-addr", new Member("str", "%02x.%x".formatted(address.slot(), address.function())));
    }

    /** What a device of that type has no such property for is left out. */
    private static void put(Map<String, Member> object, Device device, String name, Object value) {
        device.type()
                .property(name)
                .ifPresent(
                        property -> object.put(name, new Member(property.type().word(), value)));
    }
}
