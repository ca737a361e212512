package vmm.scsi;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a logical unit has to tell each initiator before it does anything else for it (SAM-5). In the order of
 * precedence: where several are pending, the first is told first.
 */
public enum UnitAttention {
    POWER_ON(1 << 0, SenseCode.POWER_ON_OCCURRED),
    BUS_RESET(1 << 1, SenseCode.SCSI_BUS_RESET_OCCURRED),
    LOGICAL_UNIT_RESET(1 << 2, SenseCode.BUS_DEVICE_RESET_FUNCTION_OCCURRED),
    NEXUS_LOSS(1 << 3, SenseCode.I_T_NEXUS_LOSS_OCCURRED),
    COMMANDS_CLEARED(1 << 4, SenseCode.COMMANDS_CLEARED_BY_ANOTHER_INITIATOR),
    REPORTED_LUNS_CHANGED(1 << 5, SenseCode.REPORTED_LUNS_DATA_HAS_CHANGED),
    RESERVATIONS_PREEMPTED(1 << 8, SenseCode.RESERVATIONS_PREEMPTED),
    RESERVATIONS_RELEASED(1 << 9, SenseCode.RESERVATIONS_RELEASED),
    REGISTRATIONS_PREEMPTED(1 << 10, SenseCode.REGISTRATIONS_PREEMPTED),
    MODE_PARAMETERS_CHANGED(1 << 11, SenseCode.MODE_PARAMETERS_CHANGED),
    CAPACITY_CHANGED(1 << 6, SenseCode.CAPACITY_DATA_HAS_CHANGED),
    MEDIUM_MAY_HAVE_CHANGED(1 << 7, SenseCode.NOT_READY_TO_READY_CHANGE_MEDIUM_MAY_HAVE_CHANGED),
    LOG_PARAMETERS_CHANGED(1 << 12, SenseCode.LOG_PARAMETERS_CHANGED),
    PROVISIONING_THRESHOLD_REACHED(1 << 13, SenseCode.THIN_PROVISIONING_SOFT_THRESHOLD_REACHED);

    private static final UnitAttention[] VALUES = values();

    /** The reasons that make the initiator forget all state of the logical unit: telling one of them tells all. */
    private static final int RESETS = POWER_ON.bit | BUS_RESET.bit | LOGICAL_UNIT_RESET.bit | NEXUS_LOSS.bit;

    private final int bit;
    private final SenseCode code;

    UnitAttention(int bit, SenseCode code) {
        this.bit = bit;
        this.code = code;
    }

    /** What people call it: its name in lower case, with hyphens. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The one that people call so. */
    public static Optional<UnitAttention> of(String word) {
        return Arrays.stream(VALUES).filter(each -> each.word().equals(word)).findFirst();
    }

    /** How it is told. */
    public SenseCode code() {
        return code;
    }

    /** Its place in a set of pending conditions. */
    int bit() {
        return bit;
    }

    /** The first of a set of pending conditions, or null if the set is empty. */
    static @Nullable UnitAttention first(int pending) {
        for (UnitAttention attention : VALUES) {
            if ((pending & attention.bit) != 0) {
                return attention;
            }
        }
        return null;
    }

    /** What is done with when this one has been told. */
    int settled() {
        return (RESETS & bit) != 0 ? RESETS : bit;
    }
}
