package vmm.pci.chipset;

/** What the functions of the chipset have in common. */
final class Intel {
    static final int VENDOR_ID = 0x8086;

    /** The subsystem that virtual machines of this chipset carry. */
    static final int SUBSYSTEM_VENDOR_ID = 0x1af4;

    static final int SUBSYSTEM_ID = 0x1100;

    /** Status: DEVSEL# timing medium. */
    static final int MEDIUM_DECODE = 0x200;

    private Intel() {}
}
