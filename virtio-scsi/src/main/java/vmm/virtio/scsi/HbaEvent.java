package vmm.virtio.scsi;

import java.util.Set;
import vmm.scsi.SenseCode;

/** What a driver hears of by the event queue (virtio 1.3 5.6.6.3), of a logical unit at a target. */
public sealed interface HbaEvent {
    /** 0 to {@link vmm.scsi.ScsiBus#MAX_TARGET}. */
    int target();

    /** 0 to {@link vmm.scsi.LunAddress#MAX_LUN}. */
    int lun();

    /**
     * A logical unit has been reset, has come or has gone. Said of LUN 0, the last two may mean the whole target.
     *
     * @param reason which of these it was
     */
    record TransportReset(int target, int lun, Reason reason) implements HbaEvent {}

    /** What a {@link TransportReset} is about. */
    enum Reason {
        /** The unit has been reset and is still there. */
        HARD(0),
        /** The unit or its target has just appeared. */
        RESCAN(1),
        /** The unit or its target takes no more commands. */
        REMOVED(2);

        private final int code;

        Reason(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    /**
     * Something happened that the driver may have subscribed to.
     *
     * @param events at least one
     */
    record AsyncNotification(int target, int lun, Set<AsyncEvent> events) implements HbaEvent {
        /** Keeps a copy. */
        public AsyncNotification {
            events = Set.copyOf(events);
        }
    }

    /**
     * Parameters of a logical unit have changed, as its capacity or its mode.
     *
     * @param code what the unit says of that in a unit attention condition
     */
    record ParameterChange(int target, int lun, SenseCode code) implements HbaEvent {}
}
