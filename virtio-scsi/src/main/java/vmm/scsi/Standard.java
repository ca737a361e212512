package vmm.scsi;

/**
 * The standards that commands come from, none of them in a certain revision, in the order in which INQUIRY lists their
 * version descriptors (SPC-5 6.7.2): architecture, commands of all devices, commands of one kind.
 */
public enum Standard {
    SAM_5(0x00a0),
    SPC_2(0x0260),
    SPC_4(0x0460),
    SPC_5(0x05c0),
    SBC_3(0x04c0),
    SBC_4(0x0600),
    MMC_6(0x04e0);

    private final int versionDescriptor;

    Standard(int versionDescriptor) {
        this.versionDescriptor = versionDescriptor;
    }

    /** Its VERSION DESCRIPTOR, 16 bits. */
    public int versionDescriptor() {
        return versionDescriptor;
    }
}
