package vmm.scsi.primary;

import vmm.scsi.ItlNexus;
import vmm.scsi.ParameterData;
import vmm.scsi.SenseData;

/** Vital product data that say the same of every {@link PrimaryUnit} (SPC-5 7.7). */
public final class PrimaryVpdPages {
    /** Management Network Addresses: there are none. */
    public static final VpdPage<ItlNexus> MANAGEMENT_NETWORK_ADDRESSES = new VpdPage<>(0x85, (nexus, data) -> {});

    /** Extended INQUIRY Data. */
    public static final VpdPage<ItlNexus> EXTENDED_INQUIRY_DATA =
            new VpdPage<>(0x86, PrimaryVpdPages::extendedInquiryData);

    /** Mode Page Policy: all initiators share all pages and subpages. */
    public static final VpdPage<ItlNexus> MODE_PAGE_POLICY =
            new VpdPage<>(0x87, (nexus, data) -> data.u8(0x3f).u8(0xff).u8(0).u8(0));

    /** Power Condition: standby_z and idle_a, by command, left at once. */
    public static final VpdPage<ItlNexus> POWER_CONDITION =
            new VpdPage<>(0x8a, (nexus, data) -> data.u8(1).u8(1).zeros(12));

    private PrimaryVpdPages() {}

    private static void extendedInquiryData(ItlNexus nexus, ParameterData data) {
        int taskAttributes = 0b111; // HEADSUP, ORDSUP and SIMPSUP
        int volatileCache = 1; // V_SUP
        int attentionClearedByNexus = 1; // LUICLR
        data.u8(protection(nexus.unit().protectionType()))
                .u8(taskAttributes)
                .u8(volatileCache)
                .u8(attentionClearedByNexus)
                .zeros(5);
        data.u8(SenseData.MAX_LENGTH).zeros(0x40 - 14);
    }

    /** SPT, GRD_CHK, APP_CHK and REF_CHK: the one type that a unit has, and what is checked of it. */
    private static int protection(int type) {
        int guard = 1 << 2;
        int reference = 1;
        return switch (type) {
            case 0 -> 0;
            case 3 -> 0b100 << 3 | guard;
            default -> guard | reference;
        };
    }
}
