package vmm.monitor;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import vmm.machine.ConfigurationException;
import vmm.machine.MachineRequest;
import vmm.machine.MachineRequest.Bus;
import vmm.machine.MachineRequest.Kind;
import vmm.machine.MachineRequest.Virtio;
import vmm.machine.NumberRange;
import vmm.virtio.RingFeatures;
import vmm.virtio.pci.VirtioTransport;

/** The arguments of {@code device_add} for what somebody asks for: the opposite of {@link DeviceAdd}. */
final class DeviceArguments {
    private final Map<String, Object> arguments = new LinkedHashMap<>();

    private DeviceArguments(DeviceType type, String id) {
        arguments.put("driver", type.driver());
        arguments.put("id", id);
    }

    /**
     * A disk.
     *
     * @param node what keeps its data; empty for a drive without disc
     * @throws ConfigurationException if it is something that only a machine's start can make
     */
    static Map<String, Object> of(MachineRequest.Disk disk, String id, String node) {
        if (disk.kind() == Kind.LUN) {
            throw new ConfigurationException(
                    "Disk " + id + " is to be a device of the host's passed through, which this"
                            + " VMM does not do; plug it as a disk.");
        }
        DeviceType type = disk.bus() == Bus.VIRTIO
                ? DeviceType.VIRTIO_BLK
                : disk.kind() == Kind.CDROM ? DeviceType.SCSI_CD : DeviceType.SCSI_HD;
        DeviceArguments device = new DeviceArguments(type, id);
        if (!node.isEmpty()) {
            device.put("drive", node);
        }
        disk.serial().ifPresent(serial -> device.put("serial", serial));
        if (disk.bus() == Bus.VIRTIO) {
            device.virtio(disk.virtio(), "num-queues");
        } else {
            device.unit(disk);
        }
        if (type != DeviceType.SCSI_CD) {
            device.put("logical_block_size", disk.logicalBlockSize());
            device.put("physical_block_size", disk.physicalBlockSize().orElse(disk.logicalBlockSize()));
        }
        disk.bootIndex().ifPresent(index -> device.put("bootindex", index));
        if (disk.image().shareable()) {
            device.put("share-rw", true);
        }
        device.put("rerror", word(disk.policy().errors().read()));
        device.put("werror", word(disk.policy().errors().write()));
        if (disk.policy().secureErase()) {
            device.put("x-secure-erase", true);
        }
        if (disk.policy().protection() != 0) {
            device.put("x-protection", disk.policy().protection());
        }
        return device.arguments;
    }

    /** A controller. */
    static Map<String, Object> of(MachineRequest.Controller controller, String id) {
        DeviceArguments device = new DeviceArguments(DeviceType.VIRTIO_SCSI, id);
        device.virtio(controller.virtio(), "num_queues");
        controller.queueSize().ifPresent(size -> device.put("virtqueue_size", size));
        controller.cmdPerLun().ifPresent(most -> device.put("cmd_per_lun", most));
        controller.maxSectors().ifPresent(most -> device.put("max_sectors", most));
        controller.segMax().ifPresent(most -> device.put("x-seg-max", most));
        return device.arguments;
    }

    private static String word(Enum<?> action) {
        return action.name().toLowerCase(Locale.ROOT);
    }

    private void put(String name, Object value) {
        arguments.put(name, value);
    }

    private void unit(MachineRequest.Disk disk) {
        put("bus", "scsi" + disk.controller().orElse(0) + ".0");
        put("scsi-id", single("target", disk.targets()).orElse(0));
        single("lun", disk.luns()).ifPresent(lun -> put("lun", lun));
        disk.wwn().ifPresent(name -> put("x-wwn", name.toString()));
        disk.vendor().ifPresent(vendor -> put("vendor", vendor));
        disk.product().ifPresent(product -> put("product", product));
        if (disk.removable() && disk.kind() == Kind.DISK) {
            put("removable", true);
        }
    }

    private static Optional<Integer> single(String key, Optional<NumberRange> numbers) {
        numbers.filter(range -> !range.isSingle()).ifPresent(range -> {
            throw new ConfigurationException(
                    "One disk is attached at a time, and " + key + "=" + range + " makes several; give one number.");
        });
        return numbers.map(NumberRange::first);
    }

    private void virtio(Virtio virtio, String queues) {
        virtio.place()
                .slot()
                .ifPresent(slot -> put(
                        "addr",
                        "%x.%x".formatted(slot, virtio.place().function().orElse(0))));
        virtio.place().function().ifPresent(function -> put("multifunction", true));
        virtio.transport().ifPresent(this::transport);
        virtio.queues().ifPresent(number -> put(queues, number));
        if (virtio.iothreads().size() > 1) {
            throw new ConfigurationException(
                    "A device that is attached is served by one I/O thread; name one in iothreads=.");
        }
        virtio.iothreads().forEach(number -> put("iothread", "iothread" + number));
        RingFeatures rings = virtio.rings();
        RingFeatures usual = RingFeatures.DEFAULT;
        putIfOther("indirect_desc", rings.indirect(), usual.indirect());
        putIfOther("event_idx", rings.eventIdx(), usual.eventIdx());
        putIfOther("packed", rings.packed(), usual.packed());
        putIfOther("in_order", rings.inOrder(), usual.inOrder());
        putIfOther("queue_reset", rings.ringReset(), usual.ringReset());
        putIfOther("notification_data", rings.notificationData(), usual.notificationData());
    }

    private void transport(VirtioTransport transport) {
        put("disable-legacy", transport.isLegacy() ? "off" : "on");
        put("disable-modern", transport.isModern() ? "off" : "on");
    }

    private void putIfOther(String name, boolean value, boolean usual) {
        if (value != usual) {
            put(name, value);
        }
    }
}
