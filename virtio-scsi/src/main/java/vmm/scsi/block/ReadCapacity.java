package vmm.scsi.block;

import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;

/** READ CAPACITY (10) and (16) (SBC-4 5.20, 5.21): how many blocks there are, and how long. */
final class ReadCapacity implements Command<DiskNexus> {
    private static final int TEN = 0x25;
    private static final int PMI = 1;
    private static final int PROT_EN = 1;
    private static final int LBPME = 1 << 7;
    private static final int LBPRZ = 1 << 6;
    private static final long BEYOND_32_BITS = 0xffff_ffffL;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        Cdb cdb = task.cdb();
        boolean ten = cdb.operationCode() == TEN;
        // SBC-3: an address counts only together with PMI; SBC-4 has neither any more
        long lba = ten ? cdb.u32(2) : cdb.u64(2);
        if (lba != 0 && !cdb.has(ten ? 8 : 14, PMI)) {
            task.invalidField(2, ScsiTask.WHOLE_BYTE);
        } else if (ten) {
            task.answer(capacity10(disk), Long.MAX_VALUE);
        } else {
            task.answer(capacity16(disk), cdb.u32(10));
        }
    }

    private static ParameterData capacity10(ScsiDisk disk) {
        return new ParameterData()
                .u32(Math.min(disk.blocks() - 1, BEYOND_32_BITS))
                .u32(disk.geometry().logicalBlock());
    }

    /** SBC-4 5.21.2: the first block is aligned, and each has protection information of its own if any. */
    private static ParameterData capacity16(ScsiDisk disk) {
        int type = disk.protectionType();
        return new ParameterData()
                .u64(disk.blocks() - 1)
                .u32(disk.geometry().logicalBlock())
                .u8(type == 0 ? 0 : (type - 1) << 1 | PROT_EN)
                .u8(disk.geometry().physicalExponent())
                .u8(disk.isThin() ? LBPME | LBPRZ : 0)
                .zeros(17);
    }
}
