package vmm.scsi.primary;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ItlNexus;
import vmm.scsi.LogicalUnit;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;
import vmm.scsi.Standard;

/**
 * INQUIRY (SPC-5 6.7): what the logical unit is.
 *
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
final class Inquiry<N extends ItlNexus> implements Command<N> {
    static final int OPERATION_CODE = 0x12;

    private static final int EVPD = 1;
    private static final int CMDDT = 1 << 1;
    private static final int SUPPORTED_PAGES = 0x00;

    /** VERSION: what initiators know best. The version descriptors say more. */
    private static final int SPC_4 = 0x06;

    private static final int NORMACA = 1 << 5;
    private static final int HISUP = 1 << 4;
    private static final int RESPONSE_DATA_FORMAT = 2;

    /** TPGS: REPORT TARGET PORT GROUPS is there, SET TARGET PORT GROUPS is not. */
    private static final int TPGS_IMPLICIT = 0b01 << 4;

    private static final int THIRD_PARTY_COPY = 1 << 3;
    private static final int CMDQUE = 1 << 1;
    private static final int PROTECT = 1;
    private static final int RMB = 1 << 7;

    /** Where a logical unit would be, but is none (SPC-5 6.7.2): qualifier 011b, device type 1Fh. */
    private static final int NO_LOGICAL_UNIT = 0b011 << 5 | 0x1f;

    private final List<VpdPage<N>> pages;

    /**
     * The command for one kind of logical unit.
     *
     * @param pages its vital product data, in ascending order, without the list of pages itself
     */
    Inquiry(List<VpdPage<N>> pages) {
        this.pages = pages;
    }

    @Override
    public void execute(N nexus, ScsiTask task) {
        LogicalUnit unit = nexus.unit();
        if (refused(task)) {
            return;
        }
        if (!task.cdb().has(1, EVPD)) {
            answer(task, standardData(unit.deviceType(), unit));
            return;
        }
        int code = task.cdb().u8(2);
        ParameterData data = new ParameterData().u8(unit.deviceType()).u8(code).u16(0);
        if (code == SUPPORTED_PAGES) {
            data.u8(SUPPORTED_PAGES);
            pages.forEach(page -> data.u8(page.code()));
        } else {
            VpdPage<N> page = find(code);
            if (page == null) {
                task.invalidField(2, ScsiTask.WHOLE_BYTE);
                return;
            }
            page.content().write(nexus, data);
        }
        data.set16(2, data.length() - 4);
        answer(task, data);
    }

    private @Nullable VpdPage<N> find(int code) {
        for (VpdPage<N> page : pages) {
            if (page.code() == code) {
                return page;
            }
        }
        return null;
    }

    /** Ends the command for a number that no logical unit has (SAM-5, incorrect LUN). */
    static void answerWithoutLogicalUnit(ScsiTask task) {
        if (refused(task)) {
            return;
        }
        if (!task.cdb().has(1, EVPD)) {
            answer(task, standardData(NO_LOGICAL_UNIT, null));
        } else if (task.cdb().u8(2) == SUPPORTED_PAGES) {
            answer(
                    task,
                    new ParameterData()
                            .u8(NO_LOGICAL_UNIT)
                            .u8(SUPPORTED_PAGES)
                            .u16(1)
                            .u8(SUPPORTED_PAGES));
        } else {
            task.invalidField(2, ScsiTask.WHOLE_BYTE);
        }
    }

    private static boolean refused(ScsiTask task) {
        Cdb cdb = task.cdb();
        if (cdb.has(1, CMDDT)) {
            task.invalidField(1, 1);
            return true;
        }
        if (!cdb.has(1, EVPD) && cdb.u8(2) != 0) {
            task.invalidField(2, ScsiTask.WHOLE_BYTE);
            return true;
        }
        return false;
    }

    private static void answer(ScsiTask task, ParameterData data) {
        task.answer(data, task.cdb().u16(3));
    }

    /** The byte of SCCS, TPGS, 3PC and PROTECT. */
    private static int abilities(LogicalUnit unit) {
        return (unit instanceof PrimaryUnit ? TPGS_IMPLICIT : 0)
                | (unit.copies() ? THIRD_PARTY_COPY : 0)
                | (unit.protectionType() != 0 ? PROTECT : 0);
    }

    /** Standard INQUIRY data (SPC-5 6.7.2). */
    private static ParameterData standardData(int peripheral, @Nullable LogicalUnit unit) {
        DiskIdentity identity = unit == null ? DiskIdentity.DEFAULT : unit.identity();
        ParameterData data = new ParameterData()
                .u8(peripheral)
                .u8(unit != null && unit.removable() ? RMB : 0)
                .u8(SPC_4)
                .u8(NORMACA | HISUP | RESPONSE_DATA_FORMAT)
                .u8(0)
                .u8(unit == null ? 0 : abilities(unit))
                .u8(0)
                .u8(CMDQUE)
                .ascii(identity.vendor(), 8)
                .ascii(identity.product(), 16)
                .ascii(identity.revision(), 4)
                .zeros(22);
        if (unit != null) {
            Set<Standard> claimed = EnumSet.of(Standard.SPC_4);
            claimed.addAll(unit.standards());
            claimed.forEach(standard -> data.u16(standard.versionDescriptor()));
        }
        data.zeros(96 - data.length());
        data.set8(4, data.length() - 5);
        return data;
    }
}
