package vmm.scsi.primary;

import java.util.List;
import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ItlNexus;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;

/**
 * REPORT TARGET PORT GROUPS (SPC-5 6.37): how good the ways to the logical unit are. All target ports that lead there
 * are equally good, so they are one group, and active/optimized.
 */
final class ReportTargetPortGroups implements Command<ItlNexus> {
    private static final int EXTENDED_HEADER = 1;
    private static final int ACTIVE_OPTIMIZED = 0;
    private static final int AO_SUP = 1;
    private static final int NO_STATUS = 0;

    @Override
    public void execute(ItlNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        int format = cdb.u8(1) >>> 5;
        if (format > EXTENDED_HEADER) {
            task.invalidField(1, 7);
            return;
        }
        ParameterData data = new ParameterData().u32(0);
        if (format == EXTENDED_HEADER) {
            int implicitTransitionSeconds = 0;
            data.u8(EXTENDED_HEADER << 4).u8(implicitTransitionSeconds).u16(0);
        }
        List<Integer> ports = nexus.unit().targetPorts().stream().sorted().toList();
        data.u8(ACTIVE_OPTIMIZED)
                .u8(AO_SUP)
                .u16(PrimaryUnit.TARGET_PORT_GROUP)
                .u8(0)
                .u8(NO_STATUS)
                .u8(0)
                .u8(ports.size());
        for (int port : ports) {
            data.u16(0).u16(port);
        }
        data.set32(0, data.length() - 4L);
        task.answer(data, cdb.u32(6));
    }
}
