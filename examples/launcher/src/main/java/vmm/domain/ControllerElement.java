package vmm.domain;

import java.util.Optional;
import java.util.OptionalInt;
import vmm.machine.MachineRequest.Controller;
import vmm.machine.MachineRequest.Virtio;

/** A {@code <controller type='scsi'>}. */
final class ControllerElement {
    private final Optional<String> id;
    private final Controller request;

    private ControllerElement(XmlElement element) {
        Virtio virtio = VirtioElement.of(element, "virtio-scsi");
        Optional<XmlElement> driver = element.child("driver");
        id = element.child("alias").map(alias -> alias.id("name"));
        request = new Controller(
                element.number("index"),
                virtio,
                OptionalInt.empty(),
                driver.map(words -> words.number("cmd_per_lun")).orElse(OptionalInt.empty()),
                driver.map(words -> words.number("max_sectors")).orElse(OptionalInt.empty()),
                OptionalInt.empty());
    }

    /** The controller, if it is one of SCSI; no other counts as read. */
    static Optional<ControllerElement> scsi(XmlElement element) {
        return element.says("type", "scsi") ? Optional.of(new ControllerElement(element.visit())) : Optional.empty();
    }

    /** What it is called. */
    Optional<String> id() {
        return id;
    }

    Controller request() {
        return request;
    }

    /** The same with a number. */
    Controller request(int index) {
        return new Controller(
                OptionalInt.of(index),
                request.virtio(),
                request.queueSize(),
                request.cmdPerLun(),
                request.maxSectors(),
                request.segMax());
    }
}
