package vmm.virtio.scsi;

import java.util.List;
import java.util.Set;
import vmm.scsi.SenseCode;
import vmm.scsi.UnitAttention;

/** Which events say what a logical unit has to say by unit attention conditions (virtio 1.3 5.6.6.3). */
final class AttentionEvents {
    // Additional sense codes (SPC-5): what the condition is about; the qualifier says more.
    private static final int MEDIUM_MAY_HAVE_CHANGED = 0x28;
    private static final int RESET_OCCURRED = 0x29;
    private static final int PARAMETERS_CHANGED = 0x2a;
    private static final int PROVISIONING = 0x38;
    private static final int OPERATING_CONDITIONS_CHANGED = 0x3f;

    /** RESERVATIONS PREEMPTED, RESERVATIONS RELEASED, REGISTRATIONS PREEMPTED: the qualifiers of 2Ah. */
    private static final Set<Integer> OF_OTHER_HOSTS = Set.of(0x03, 0x04, 0x05);

    private AttentionEvents() {}

    /** The events for a condition, none if it is for this initiator only or said by other events. */
    static List<HbaEvent> of(int target, int lun, UnitAttention attention) {
        SenseCode code = attention.code();
        return switch (code.asc()) {
            case MEDIUM_MAY_HAVE_CHANGED ->
                List.of(new HbaEvent.AsyncNotification(target, lun, Set.of(AsyncEvent.MEDIA_CHANGE)));
            case RESET_OCCURRED ->
                attention == UnitAttention.BUS_RESET || attention == UnitAttention.LOGICAL_UNIT_RESET
                        ? List.of(new HbaEvent.TransportReset(target, lun, HbaEvent.Reason.HARD))
                        : List.of();
            case PARAMETERS_CHANGED -> {
                AsyncEvent kind =
                        OF_OTHER_HOSTS.contains(code.ascq()) ? AsyncEvent.MULTI_HOST : AsyncEvent.OPERATIONAL_CHANGE;
                yield changed(target, lun, code, kind);
            }
            case PROVISIONING -> changed(target, lun, code, AsyncEvent.OPERATIONAL_CHANGE);
            case OPERATING_CONDITIONS_CHANGED ->
                // That the list of logical units has changed is said by a transport reset, of the one that did.
                attention == UnitAttention.REPORTED_LUNS_CHANGED
                        ? List.of()
                        : changed(target, lun, code, AsyncEvent.OPERATIONAL_CHANGE);
            default -> List.of();
        };
    }

    private static List<HbaEvent> changed(int target, int lun, SenseCode code, AsyncEvent kind) {
        return List.of(
                new HbaEvent.ParameterChange(target, lun, code),
                new HbaEvent.AsyncNotification(target, lun, Set.of(kind)));
    }
}
