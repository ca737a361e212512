package vmm.domain;

import java.nio.file.Path;
import java.util.Optional;
import vmm.machine.ConfigurationException;
import vmm.machine.MachineRequest;

/** libvirt's description of one device, as {@code virsh attach-device} takes it. Any thread. */
public final class DiskXml {
    private DiskXml() {}

    /** A device that is to be plugged, or found to be unplugged. */
    public sealed interface Device {
        /**
         * A disk.
         *
         * @param request the disk; its ID is that of {@code <alias>} or {@code <target dev>}, and an address that is
         *     not there is left open
         */
        record Disk(MachineRequest.Disk request) implements Device {}

        /**
         * A virtio-scsi controller.
         *
         * @param request the controller
         * @param id of {@code <alias>}, if it is there
         */
        record Controller(MachineRequest.Controller request, Optional<String> id) implements Device {}
    }

    /**
     * What a description asks for.
     *
     * @param device the device
     * @param warning one sentence that names what of it means nothing here, if there is anything
     */
    public record Parsed(Device device, Optional<String> warning) {}

    /**
     * Reads a file.
     *
     * @throws vmm.linux.HostException if it cannot be read
     * @throws ConfigurationException if it is no {@code <disk>} or {@code <controller>}, or one that this VMM has not
     */
    public static Parsed parse(Path file) {
        return parse(file.toString(), XmlReader.bytes(file));
    }

    /**
     * The same of a description in memory.
     *
     * @param document what the user calls it, for sentences
     */
    public static Parsed parse(String document, byte[] xml) {
        XmlElement root = XmlReader.read(document, xml).visit();
        Device device = switch (root.name()) {
            case "disk" -> new Device.Disk(new DiskElement(root).request());
            case "controller" -> {
                ControllerElement controller = ControllerElement.scsi(root)
                        .orElseThrow(() -> root.refused("is no SCSI controller; write type='scsi'"));
                yield new Device.Controller(controller.request(), controller.id());
            }
            default -> throw root.refused("is neither a <disk> nor a <controller>; write one of those");
        };
        return new Parsed(device, Unread.sentence(document, root));
    }
}
