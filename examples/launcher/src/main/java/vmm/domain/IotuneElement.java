package vmm.domain;

import java.util.Optional;
import vmm.block.ThrottleLimits;
import vmm.block.ThrottleLimits.Rate;
import vmm.machine.DiskLimits;

/** The {@code <iotune>} of a disk: how much it may do in a second. */
final class IotuneElement {
    private final XmlElement element;

    private IotuneElement(XmlElement element) {
        this.element = element;
    }

    /** The limits of a disk. */
    static DiskLimits of(XmlElement disk) {
        Optional<XmlElement> found = disk.child("iotune");
        return found.map(element -> new IotuneElement(element).limits()).orElse(DiskLimits.NONE);
    }

    private DiskLimits limits() {
        try {
            return new DiskLimits(
                    element.textOf("group_name"),
                    new ThrottleLimits(
                            rate("total_bytes_sec"),
                            rate("read_bytes_sec"),
                            rate("write_bytes_sec"),
                            rate("total_iops_sec"),
                            rate("read_iops_sec"),
                            rate("write_iops_sec"),
                            number("size_iops_sec", 0)));
        } catch (IllegalArgumentException senseless) {
            throw element.refused("has limits that cannot be: "
                    + String.valueOf(senseless.getMessage()).replaceAll("\\.$", ""));
        }
    }

    private Rate rate(String name) {
        return new Rate(number(name, 0), number(name + "_max", 0), number(name + "_max_length", 1));
    }

    private long number(String name, long usual) {
        return element.child(name).map(XmlElement::longNumber).orElse(usual);
    }
}
