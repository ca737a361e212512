package vmm.scsi.multimedia;

import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;

/** READ TOC/PMA/ATIP (MMC-6 6.24): one session with one data track, as every image of a file system has. */
final class ReadToc implements Command<DriveNexus> {
    private static final int MSF = 1 << 1;

    private static final int FORMATTED_TOC = 0;
    private static final int MULTI_SESSION = 1;
    private static final int RAW_TOC = 2;

    /** ADR 1 (position), CONTROL 4 (a data track that may not be copied on). */
    private static final int DATA_TRACK = 0x14;

    private static final int FIRST_TRACK = 1;
    private static final int LEAD_OUT = 0xaa;
    private static final int SESSION = 1;

    // Points of the raw TOC
    private static final int POINT_FIRST_TRACK = 0xa0;
    private static final int POINT_LAST_TRACK = 0xa1;
    private static final int POINT_LEAD_OUT = 0xa2;

    @Override
    public void execute(DriveNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        boolean msf = cdb.has(1, MSF);
        int format = cdb.u8(2) & 0xf;
        if (format == FORMATTED_TOC) {
            // The drives before MMC had the format in the upper bits of the last byte, and Linux asks that way.
            format = cdb.u8(9) >>> 6;
        }
        int track = cdb.u8(6);
        long end = nexus.disc().blocks();
        ParameterData toc = new ParameterData().u16(0).u8(FIRST_TRACK).u8(FIRST_TRACK);
        switch (format) {
            case FORMATTED_TOC -> {
                if (track > FIRST_TRACK && track != LEAD_OUT) {
                    task.invalidField(6, ScsiTask.WHOLE_BYTE);
                    return;
                }
                if (track <= FIRST_TRACK) {
                    track(toc, FIRST_TRACK, address(0, msf));
                }
                track(toc, LEAD_OUT, address(end, msf));
            }
            case MULTI_SESSION -> track(toc, FIRST_TRACK, address(0, msf));
            case RAW_TOC -> {
                point(toc, POINT_FIRST_TRACK, (long) FIRST_TRACK << 16);
                point(toc, POINT_LAST_TRACK, (long) FIRST_TRACK << 16);
                point(toc, POINT_LEAD_OUT, Msf.of(end));
                point(toc, FIRST_TRACK, Msf.of(0));
            }
            default -> {
                task.invalidField(2, 3);
                return;
            }
        }
        toc.set16(0, toc.length() - 2);
        task.answer(toc, cdb.u16(7));
    }

    private static long address(long lba, boolean msf) {
        return msf ? Msf.of(lba) : lba;
    }

    private static void track(ParameterData toc, int number, long address) {
        toc.u8(0).u8(DATA_TRACK).u8(number).u8(0).u32(address);
    }

    private static void point(ParameterData toc, int point, long address) {
        toc.u8(SESSION).u8(DATA_TRACK).u8(0).u8(point).u24(0).u32(address);
    }
}
