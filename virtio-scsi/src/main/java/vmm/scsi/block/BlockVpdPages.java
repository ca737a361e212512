package vmm.scsi.block;

import java.util.List;
import vmm.scsi.ParameterData;
import vmm.scsi.primary.VpdPage;

/** The vital product data of SBC-4. */
final class BlockVpdPages {
    /** In ascending order. */
    static final List<VpdPage<DiskNexus>> ALL = List.of(
            new VpdPage<>(0xb0, BlockVpdPages::blockLimits),
            new VpdPage<>(0xb1, BlockVpdPages::blockDeviceCharacteristics),
            new VpdPage<>(0xb2, BlockVpdPages::logicalBlockProvisioning));

    private static final int PAGE_LENGTH = 0x3c;

    // Logical Block Provisioning (SBC-4 6.6.6).
    private static final int LBPU = 1 << 7;
    private static final int LBPWS = 1 << 6;
    private static final int LBPWS10 = 1 << 5;
    private static final int LBPRZ = 1 << 2;
    private static final int THIN = 2;

    private BlockVpdPages() {}

    /** Block Limits page (SBC-4 6.6.4). */
    private static void blockLimits(DiskNexus nexus, ParameterData data) {
        ScsiDisk disk = nexus.unit();
        boolean thin = disk.isThin();
        int physical = 1 << disk.geometry().physicalExponent();
        // WSNZ is 0: WRITE SAME of no blocks goes to the end
        data.u8(0).u8(DiskLimits.MAXIMUM_COMPARE_AND_WRITE_LENGTH);
        // OPTIMAL TRANSFER LENGTH GRANULARITY, MAXIMUM and OPTIMAL TRANSFER LENGTH, MAXIMUM PREFETCH LENGTH
        data.u16(physical).u32(DiskLimits.MAXIMUM_TRANSFER_LENGTH).u32(0).u32(0);
        data.u32(thin ? DiskLimits.MAXIMUM_UNMAP_LBA_COUNT : 0);
        data.u32(thin ? DiskLimits.MAXIMUM_UNMAP_BLOCK_DESCRIPTOR_COUNT : 0);
        // OPTIMAL UNMAP GRANULARITY; UGAVALID and UNMAP GRANULARITY ALIGNMENT
        data.u32(
                thin
                        ? Math.max(
                                disk.medium().discardGranularity()
                                        >> disk.geometry().shift(),
                                physical)
                        : 0);
        data.u32(thin ? 1L << 31 : 0);
        // MAXIMUM WRITE SAME LENGTH: none
        data.u64(0);
        // ATOMIC ALIGNMENT, ATOMIC TRANSFER LENGTH GRANULARITY; no boundaries
        int unit = DiskLimits.atomicUnit(disk);
        data.u32(DiskLimits.MAXIMUM_ATOMIC_TRANSFER_LENGTH)
                .u32(unit)
                .u32(unit)
                .u32(0)
                .u32(0);
    }

    /** Block Device Characteristics page (SBC-4 6.6.2). */
    private static void blockDeviceCharacteristics(DiskNexus nexus, ParameterData data) {
        int nonRotating = 1;
        // WABEREQ and WACEREQ: after an erase, which only a thin disk has, reads succeed
        int readable = nexus.unit().isThin() ? 1 << 6 | 1 << 4 : 0;
        data.u16(nonRotating).u8(0).u8(readable).zeros(PAGE_LENGTH - 4);
    }

    /** Logical Block Provisioning page (SBC-4 6.6.6). */
    private static void logicalBlockProvisioning(DiskNexus nexus, ParameterData data) {
        ProvisioningThresholds thresholds = nexus.unit().thresholds();
        if (nexus.unit().isThin()) {
            data.u8(thresholds == null ? 0 : thresholds.exponent())
                    .u8(LBPU | LBPWS | LBPWS10 | LBPRZ)
                    .u8(THIN)
                    .u8(0);
        } else {
            data.zeros(4);
        }
    }
}
