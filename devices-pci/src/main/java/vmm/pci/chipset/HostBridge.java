package vmm.pci.chipset;

import org.jspecify.annotations.Nullable;
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

    private static final int PAM_COUNT = ShadowMemory.REGISTERS;

    /** PAM0's low half is reserved; every other half has a read and a write bit. */
    private static final int PAM0_BITS = 0x30;

    private static final int PAM_BITS = 0x33;

    /** System Management RAM Control. */
    private static final int SMRAM = 0x72;

    private static final int SMRAM_RESET = 0x02;
    private static final int SMRAM_BITS = 0x78;

    private final @Nullable ShadowMemory shadow;

    /** A host bridge. All of the area that PAM governs is RAM, whatever the registers say. */
    public HostBridge() {
        this(null);
    }

    /**
     * A host bridge whose PAM registers say what processors find from 768 KiB to 1 MiB.
     *
     * @param shadow follows them, unless it is null
     */
    public HostBridge(@Nullable ShadowMemory shadow) {
        super(IDENTITY);
        this.shadow = shadow;
        // The bridge is always on: memory and bus master cannot be turned off.
        config().define(ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_MEMORY | ConfigSpace.COMMAND_MASTER, 0x100);
        config().define(ConfigSpace.STATUS, 2, Intel.MEDIUM_DECODE, 0);
        config().define(PAM, 1, 0, PAM0_BITS);
        for (int i = 1; i < PAM_COUNT; i++) {
            config().define(PAM + i, 1, 0, PAM_BITS);
        }
        config().define(SMRAM, 1, SMRAM_RESET, SMRAM_BITS);
    }

    @Override
    protected void configWritten(int offset, int size) {
        if (offset < PAM + PAM_COUNT && offset + size > PAM) {
            followAttributes();
        }
    }

    @Override
    protected void onReset() {
        followAttributes();
    }

    private void followAttributes() {
        if (shadow == null) {
            return;
        }
        byte[] pam = new byte[PAM_COUNT];
        for (int i = 0; i < PAM_COUNT; i++) {
            pam[i] = (byte) config().read(PAM + i, 1);
        }
        shadow.follow(pam);
    }
}
