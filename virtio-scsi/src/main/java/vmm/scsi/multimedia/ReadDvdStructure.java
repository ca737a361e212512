package vmm.scsi.multimedia;

import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/** READ DISC STRUCTURE (MMC-6 6.22), READ DVD STRUCTURE before: how a DVD is made. */
final class ReadDvdStructure implements Command<DriveNexus> {
    private static final int MEDIA_TYPE = 0xf;

    private static final int PHYSICAL_FORMAT = 0x00;
    private static final int COPYRIGHT = 0x01;
    private static final int MANUFACTURING = 0x04;
    private static final int LIST = 0xff;

    private static final int PHYSICAL_SIZE = 2048;
    private static final int MANUFACTURING_SIZE = 2048;
    private static final int COPYRIGHT_SIZE = 4;

    /** RDS: the structure can be read. */
    private static final int READABLE = 1 << 6;

    /** Where the data area of a DVD begins. */
    private static final long FIRST_SECTOR = 0x03_0000;

    @Override
    public void execute(DriveNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        if ((cdb.u8(1) & MEDIA_TYPE) != 0) {
            task.invalidField(1, 3);
            return;
        }
        int format = cdb.u8(7);
        Disc disc = nexus.disc();
        if (!disc.isDvd() && format != LIST) {
            task.fail(SenseCode.CANNOT_READ_MEDIUM_INCOMPATIBLE_FORMAT);
            return;
        }
        if (cdb.u8(6) != 0) {
            // There is one layer only.
            task.invalidField(6, ScsiTask.WHOLE_BYTE);
            return;
        }
        ParameterData data = new ParameterData().zeros(4);
        switch (format) {
            case PHYSICAL_FORMAT -> physicalFormat(disc, data);
            case COPYRIGHT -> data.zeros(COPYRIGHT_SIZE); // CPST 0: not protected; readable in all regions
            case MANUFACTURING -> data.zeros(MANUFACTURING_SIZE);
            case LIST -> {
                entry(data, PHYSICAL_FORMAT, PHYSICAL_SIZE);
                entry(data, COPYRIGHT, COPYRIGHT_SIZE);
                entry(data, MANUFACTURING, MANUFACTURING_SIZE);
            }
            default -> {
                task.invalidField(7, ScsiTask.WHOLE_BYTE);
                return;
            }
        }
        data.set16(0, data.length() - 2);
        task.answer(data, cdb.u16(8));
    }

    private static void entry(ParameterData data, int format, int size) {
        data.u8(format).u8(READABLE).u16(size + 4);
    }

    /** Physical format information of layer 0. */
    private static void physicalFormat(Disc disc, ParameterData data) {
        int start = data.length();
        int dvdRomVersion1 = 0x01;
        int rateNotSpecified = 0x0f;
        int oneEmbossedLayer = 0x01;
        long last = FIRST_SECTOR + disc.blocks() - 1;
        data.u8(dvdRomVersion1).u8(rateNotSpecified).u8(oneEmbossedLayer).u8(0);
        data.u32(FIRST_SECTOR).u32(last).u32(0);
        data.zeros(PHYSICAL_SIZE - (data.length() - start));
    }
}
