package vmm.virtio.scsi;

import vmm.scsi.LunAddress;
import vmm.scsi.ScsiBus;

/**
 * The {@code lun} field of a request (virtio 1.3 5.6.6.1): a byte 1, the target, a single level LUN and four zero
 * bytes. Passed around as a long with the first byte in the most significant place.
 */
final class HbaAddress {
    /** What {@link #target} gives for a field of another form. */
    static final int NO_TARGET = -1;

    private HbaAddress() {}

    /** What {@link #target} gives for the controller itself: its REPORT LUNS well known logical unit. */
    static final int CONTROLLER = ScsiBus.MAX_TARGET + 1;

    /** virtio 1.3 5.6.6.1.1: C1h, 01h and six zeros. */
    private static final long REPORT_LUNS = LunAddress.encode(LunAddress.REPORT_LUNS);

    /** From the field as eight little-endian bytes. */
    static long of(long field) {
        return Long.reverseBytes(field);
    }

    /** The field that has {@code address}, as a long of eight little-endian bytes. */
    static long field(long address) {
        return Long.reverseBytes(address);
    }

    /**
     * The address of a logical unit.
     *
     * @param target 0 to 255
     * @param lun 0 to {@link LunAddress#MAX_LUN}
     */
    static long encode(int target, int lun) {
        return LunAddress.behind(target, LunAddress.encode(lun));
    }

    /** The target, or {@link #CONTROLLER}, or {@link #NO_TARGET}. */
    static int target(long address) {
        if (address == REPORT_LUNS) {
            return CONTROLLER;
        }
        return address >>> 56 == 1 ? (int) (address >>> 48) & 0xff : NO_TARGET;
    }

    /** The logical unit, or {@link LunAddress#INVALID}. */
    static int lun(long address) {
        return address == REPORT_LUNS ? LunAddress.REPORT_LUNS : LunAddress.decode(address << 16);
    }
}
