package vmm.virtio.scsi;

import java.util.Set;
import vmm.scsi.LogicalUnit;

/** What a logical unit tells those who have subscribed to it (virtio 1.3 5.6.6.2; event classes of MMC-6 6.6). */
public enum AsyncEvent {
    /** The unit works in another way than before: its mode parameters, its features. */
    OPERATIONAL_CHANGE(2),
    /** The unit has changed its power condition. */
    POWER_MANAGEMENT(4),
    /** Somebody on the host's side asks for something, as by an eject button. */
    EXTERNAL_REQUEST(8),
    /** A medium has come or gone. */
    MEDIA_CHANGE(16),
    /** Another initiator has taken the unit over, or gives it back. */
    MULTI_HOST(32),
    /** The unit is busy for long. */
    DEVICE_BUSY(64);

    private final int bit;

    AsyncEvent(int bit) {
        this.bit = bit;
    }

    /** Its place in {@code event_requested}, {@code event_actual} and {@code reason}. */
    int bit() {
        return bit;
    }

    /** Several in one word. */
    static int bits(Set<AsyncEvent> events) {
        int bits = 0;
        for (AsyncEvent event : events) {
            bits |= event.bit;
        }
        return bits;
    }

    /** Those that can happen to {@code unit}, in one word. */
    static int possible(LogicalUnit unit) {
        int always = OPERATIONAL_CHANGE.bit | MULTI_HOST.bit;
        return unit.removable() ? always | MEDIA_CHANGE.bit | EXTERNAL_REQUEST.bit : always;
    }
}
