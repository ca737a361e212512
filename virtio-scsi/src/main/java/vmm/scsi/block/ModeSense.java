package vmm.scsi.block;

import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/** MODE SENSE (6) and (10) (SPC-5 6.14, 6.15): how the disk works. */
final class ModeSense implements Command<DiskNexus> {
    private static final int SIX = 0x1a;
    private static final int DBD = 1 << 3;
    private static final int LLBAA = 1 << 4;
    private static final int ALL_PAGES = 0x3f;
    private static final int ALL_SUBPAGES = 0xff;

    // DEVICE-SPECIFIC PARAMETER (SBC-4, mode parameters)
    private static final int WP = 1 << 7;
    private static final int DPOFUA = 1 << 4;

    private static final long BEYOND_32_BITS = 0xffff_ffffL;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        ScsiDisk disk = nexus.unit();
        Cdb cdb = task.cdb();
        boolean six = cdb.operationCode() == SIX;
        ModePage.Values values = ModePage.Values.of(cdb.u8(2) >>> 6);
        int page = cdb.u8(2) & 0x3f;
        int subpage = cdb.u8(3);
        if (values == ModePage.Values.SAVED) {
            task.fail(SenseCode.SAVING_PARAMETERS_NOT_SUPPORTED);
            return;
        }
        if (subpage != 0 && subpage != ALL_SUBPAGES) {
            task.invalidField(3, ScsiTask.WHOLE_BYTE);
            return;
        }
        ParameterData data = new ParameterData();
        writeHeader(disk, six, !cdb.has(1, DBD), !six && cdb.has(1, LLBAA), data);
        int header = data.length();
        for (ModePage each : ModePage.ALL) {
            if (page == ALL_PAGES || page == each.code()) {
                each.write(disk, values, data);
            }
        }
        if (data.length() == header) {
            task.invalidField(2, 5);
            return;
        }
        if (six) {
            data.set8(0, data.length() - 1);
            task.answer(data, cdb.u8(4));
        } else {
            data.set16(0, data.length() - 2);
            task.answer(data, cdb.u16(7));
        }
    }

    /** The mode parameter header and a block descriptor (SPC-5 7.5.6 and 7.5.7, SBC-4). */
    private static void writeHeader(
            ScsiDisk disk, boolean six, boolean descriptor, boolean longLba, ParameterData data) {
        int mediumType = 0;
        int deviceSpecific = DPOFUA | (disk.writeProtected() ? WP : 0);
        int descriptorLength = !descriptor ? 0 : longLba ? 16 : 8;
        if (six) {
            data.u8(0).u8(mediumType).u8(deviceSpecific).u8(descriptorLength);
        } else {
            data.u16(0).u8(mediumType).u8(deviceSpecific);
            data.u8(longLba ? 1 : 0).u8(0).u16(descriptorLength);
        }
        int blockLength = disk.geometry().logicalBlock();
        if (descriptor && longLba) {
            data.u64(disk.blocks()).zeros(4).u32(blockLength);
        } else if (descriptor) {
            data.u32(Math.min(disk.blocks(), BEYOND_32_BITS)).u8(0).u24(blockLength);
        }
    }
}
