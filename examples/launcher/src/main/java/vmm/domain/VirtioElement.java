package vmm.domain;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import vmm.machine.MachineRequest.Place;
import vmm.machine.MachineRequest.Virtio;
import vmm.virtio.RingFeatures;
import vmm.virtio.pci.VirtioTransport;

/** What the elements of all virtio devices have in common: {@code model}, {@code <driver>} and {@code <address>}. */
final class VirtioElement {
    private VirtioElement() {}

    /**
     * What a device is asked for.
     *
     * @param device the device
     * @param model what libvirt calls a device of no particular version
     */
    static Virtio of(XmlElement device, String model) {
        Optional<VirtioTransport> transport = device.oneOf(
                        "model",
                        Map.of(
                                model,
                                Optional.<VirtioTransport>empty(),
                                "virtio-transitional",
                                Optional.of(VirtioTransport.TRANSITIONAL),
                                "virtio-non-transitional",
                                Optional.of(VirtioTransport.MODERN)))
                .flatMap(found -> found);
        Optional<XmlElement> driver = device.child("driver");
        RingFeatures usual = RingFeatures.DEFAULT;
        return new Virtio(
                place(device),
                transport,
                driver.map(words -> words.number("queues")).orElse(OptionalInt.empty()),
                driver.map(words -> words.number("iothread")).orElse(OptionalInt.empty()).stream()
                        .boxed()
                        .toList(),
                new RingFeatures(
                        usual.indirect(),
                        driver.map(words -> words.isOn("event_idx", usual.eventIdx()))
                                .orElse(usual.eventIdx()),
                        driver.map(words -> words.isOn("packed", usual.packed()))
                                .orElse(usual.packed()),
                        usual.inOrder(),
                        usual.ringReset(),
                        usual.notificationData()));
    }

    /** Where the device is on the PCI bus. Other buses than the first do not exist, so that any place will do. */
    private static Place place(XmlElement device) {
        Optional<XmlElement> found = device.child("address");
        if (found.isEmpty()) {
            return Place.ANYWHERE;
        }
        XmlElement address = found.get();
        if (!address.required("type").equals("pci")) {
            throw address.refused("is no place on a PCI bus, where the device is; write type='pci', or leave it out");
        }
        if (address.number("domain").orElse(0) != 0 || address.number("bus").orElse(0) != 0) {
            address.forget();
            return Place.ANYWHERE;
        }
        // Slots of several functions come into being by themselves.
        address.attribute("multifunction");
        OptionalInt slot = address.number("slot");
        OptionalInt function = address.number("function");
        // libvirt leaves the choice of a slot open with an address without one.
        return slot.isEmpty() ? Place.ANYWHERE : new Place(slot, function);
    }
}
