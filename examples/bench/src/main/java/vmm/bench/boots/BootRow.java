package vmm.bench.boots;

import java.util.Locale;
import vmm.bench.Bus;
import vmm.lab.DebianDisk;

/**
 * One way to start.
 *
 * @param firmware what the machine starts with
 * @param virtio the interface of the device
 * @param bus the device that carries the disk
 */
record BootRow(Firmware firmware, Virtio virtio, Bus bus) {
    /** What the first processor runs at first. */
    enum Firmware {
        /** A BIOS. */
        SEABIOS,
        /** UEFI. */
        OVMF,
        /** Linux itself, so there is no loader. */
        NONE;

        /** The disk that it can start from. */
        DebianDisk.Table table() {
            return this == OVMF ? DebianDisk.Table.GPT : DebianDisk.Table.MBR;
        }
    }

    /** The interfaces of virtio 1.3, section 4.1. */
    enum Virtio {
        /** The one from before virtio 1.0 only. */
        LEGACY,
        /** Both. */
        TRANSITIONAL,
        /** The one since virtio 1.0 only. */
        MODERN;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What people call it. */
    String title() {
        return (firmware == Firmware.NONE ? "kernel" : firmware.name().toLowerCase(Locale.ROOT)) + " " + virtio.word()
                + " " + bus.word();
    }

    boolean hasLoader() {
        return firmware != Firmware.NONE;
    }
}
