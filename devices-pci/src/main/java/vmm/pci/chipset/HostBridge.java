package vmm.pci.chipset;

import vmm.pci.ConfigSpace;
import vmm.pci.PciFunction;
import vmm.pci.PciIdentity;

/** The 82441FX (i440FX) host bridge, at 00.0. */
public final class HostBridge extends PciFunction {
    private static final PciIdentity IDENTITY = new PciIdentity(
            "i440FX host bridge",
            Intel.VENDOR_ID,
            0x1237,
            2,
            0x06_00_00,
            Intel.SUBSYSTEM_VENDOR_ID,
            Intel.SUBSYSTEM_ID);

    /** PAM0 to PAM6, which say of each stretch from 768 KiB to 1 MiB whether it is RAM to reads and to writes. */
    private static final int PAM = 0x59;

    private static final int PAM_COUNT = 7;

    /** PAM0's low half is reserved; every other half has a read and a write bit. */
    private static final int PAM0_BITS = 0x30;

    private static final int PAM_BITS = 0x33;

    /** System Management RAM Control. */
    private static final int SMRAM = 0x72;

    private static final int SMRAM_RESET = 0x02;
    private static final int SMRAM_BITS = 0x78;

    /** A host bridge. All of the area that PAM governs is RAM, whatever the registers say. */
    public HostBridge() {
        super(IDENTITY);
        // The bridge is always on: memory and bus master cannot be turned off.
        config().define(ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_MEMORY | ConfigSpace.COMMAND_MASTER, 0x100);
        config().define(ConfigSpace.STATUS, 2, Intel.MEDIUM_DECODE, 0);
        config().define(PAM, 1, 0, PAM0_BITS);
        for (int i = 1; i < PAM_COUNT; i++) {
            config().define(PAM + i, 1, 0, PAM_BITS);
        }
        config().define(SMRAM, 1, SMRAM_RESET, SMRAM_BITS);
    }
}
