package vmm.firmware.fwcfg;

/** The items that have a key of their own; all newer ones are files, which the guest finds by name. */
public enum Key {
    /** Four characters by which the device is recognized. */
    SIGNATURE(0x00),
    /** 32 bits: which interfaces the device has. */
    ID(0x01),
    /** 16 bits: 1 if there is no display, so that messages belong on the serial port. */
    NO_GRAPHIC(0x04),
    /** 16 bits: how many processors run. */
    CPUS(0x05),
    /** 32 bits: where a kernel belongs that firmware is to start. */
    KERNEL_ADDRESS(0x07),
    /** 32 bits: how long it is. */
    KERNEL_SIZE(0x08),
    /** 32 bits: where its initial RAM disk belongs. */
    INITRD_ADDRESS(0x0a),
    /** 32 bits: how long that is. */
    INITRD_SIZE(0x0b),
    /**
     * 64-bit numbers: how many NUMA nodes there are, the node of each of {@link #MOST_CPUS} processors, the bytes of
     * each node.
     */
    NUMA(0x0d),
    /** 16 bits: 1 if a boot menu is to be offered. */
    BOOT_MENU(0x0e),
    /** 16 bits: how many processors there may be. */
    MOST_CPUS(0x0f),
    /** The kernel, without its real-mode part. */
    KERNEL_DATA(0x11),
    /** The initial RAM disk. */
    INITRD_DATA(0x12),
    /** 32 bits: where the command line belongs. */
    COMMAND_LINE_ADDRESS(0x13),
    /** 32 bits: how long it is, with its terminating zero. */
    COMMAND_LINE_SIZE(0x14),
    /** The command line. */
    COMMAND_LINE_DATA(0x15),
    /** 32 bits: where the kernel's real-mode part belongs. */
    SETUP_ADDRESS(0x16),
    /** 32 bits: how long it is. */
    SETUP_SIZE(0x17),
    /** The real-mode part. */
    SETUP_DATA(0x18),
    /** Which files there are. */
    FILE_DIRECTORY(0x19),
    /** 32 bits, for PCs alone: 1 if the timer's ISA interrupt 0 is pin 2 of the I/O APIC. */
    IRQ0_OVERRIDE(0x8002);

    /** The first key that a file may have. */
    static final int FIRST_FILE = 0x20;

    private final int number;

    Key(int number) {
        this.number = number;
    }

    /** What the guest writes to the selector register. */
    public int number() {
        return number;
    }
}
