package vmm.scsi.block;

import org.jspecify.annotations.Nullable;
import vmm.scsi.SenseCode;

/** How ready a disk is to move data (SBC-4 4.20, SPC-5 5.13). Of the idle and standby conditions it has one each. */
enum PowerCondition {
    ACTIVE(null),
    IDLE(SenseCode.IDLE_CONDITION_ACTIVATED_BY_COMMAND),
    STANDBY(SenseCode.STANDBY_CONDITION_ACTIVATED_BY_COMMAND),
    STOPPED(SenseCode.LOGICAL_UNIT_NOT_READY_INITIALIZING_COMMAND_REQUIRED);

    private final @Nullable SenseCode told;

    PowerCondition(@Nullable SenseCode told) {
        this.told = told;
    }

    /** What REQUEST SENSE tells of it. */
    @Nullable
    SenseCode told() {
        return told;
    }
}
