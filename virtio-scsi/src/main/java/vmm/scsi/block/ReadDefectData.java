package vmm.scsi.block;

import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;

/** READ DEFECT DATA (10) and (12) (SBC-4 5.22, 5.23): there are no defects, in whatever list and format. */
final class ReadDefectData implements Command<DiskNexus> {
    private static final int TEN = 0x37;

    /** REQ_PLIST, REQ_GLIST and DEFECT LIST FORMAT, which come back as PLISTV, GLISTV and DEFECT LIST FORMAT. */
    private static final int REQUESTED = 0x1f;

    @Override
    public void execute(DiskNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        if (cdb.operationCode() == TEN) {
            int requested = cdb.u8(2) & REQUESTED;
            task.answer(new ParameterData().u8(0).u8(requested).u16(0), cdb.u16(7));
        } else {
            int requested = cdb.u8(1) & REQUESTED;
            task.answer(new ParameterData().u8(0).u8(requested).u16(0).u32(0), cdb.u32(6));
        }
    }
}
