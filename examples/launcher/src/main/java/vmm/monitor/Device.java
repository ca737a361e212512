package vmm.monitor;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import vmm.machine.ControllerConfig;
import vmm.machine.DiskAddress;
import vmm.machine.DiskConfig;
import vmm.machine.LunRange;
import vmm.machine.MachineConfig;
import vmm.machine.PciAddress;

/** Something that a machine has plugged. */
sealed interface Device {
    /** A disk or a drive. */
    record Disk(DiskConfig config) implements Device {
        @Override
        public String id() {
            return config.id();
        }

        @Override
        public DeviceType type() {
            return switch (config.address()) {
                case DiskAddress.Virtio _ -> DeviceType.VIRTIO_BLK;
                case DiskAddress.Scsi _ -> config.cdrom() ? DeviceType.SCSI_CD : DeviceType.SCSI_HD;
            };
        }

        @Override
        public Optional<PciAddress> address() {
            return config.address() instanceof DiskAddress.Virtio blk
                    ? Optional.of(blk.virtio().address())
                    : Optional.empty();
        }

        /** Where it is, if it is a logical unit; the first place if it has several. */
        Optional<LunRange> place() {
            return config.address() instanceof DiskAddress.Scsi scsi
                    ? Optional.of(scsi.places().getFirst())
                    : Optional.empty();
        }
    }

    /** A SCSI controller. */
    record Controller(ControllerConfig config) implements Device {
        @Override
        public String id() {
            return config.id();
        }

        @Override
        public DeviceType type() {
            return DeviceType.VIRTIO_SCSI;
        }

        @Override
        public Optional<PciAddress> address() {
            return Optional.of(config.virtio().address());
        }
    }

    /** Its name. */
    String id();

    /** Its kind. */
    DeviceType type();

    /** Where it is on the PCI bus, if it is there. */
    Optional<PciAddress> address();

    /** What a machine has: its controllers, then its disks. */
    static List<Device> of(MachineConfig machine) {
        return Stream.<Device>concat(
                        machine.controllers().stream().map(Controller::new),
                        machine.disks().stream().map(Disk::new))
                .toList();
    }

    /** The device of that name, or of that path in QMP's tree. */
    static Optional<Device> find(MachineConfig machine, String idOrPath) {
        String id = idOrPath.startsWith(ObjectTree.PERIPHERAL + "/")
                ? idOrPath.substring(ObjectTree.PERIPHERAL.length() + 1)
                : idOrPath;
        return of(machine).stream().filter(device -> device.id().equals(id)).findFirst();
    }

    /** The controller of that index. */
    static Optional<Controller> controller(MachineConfig machine, int index) {
        return machine.controllers().stream()
                .filter(controller -> controller.index() == index)
                .map(Controller::new)
                .findFirst();
    }
}
