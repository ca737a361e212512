package vmm.virtio.scsi;

import vmm.scsi.LunAddress;

/**
 * The {@code lun} field of a request (virtio 1.3 5.6.6.1): a byte 1, the target, a single level LUN and four zero
 * bytes. Passed around as a long with the first byte in the most significant place.
 */
final class HbaAddress {
    /** What {@link #target} gives for a field of another form. */
    static final int NO_TARGET = -1;

    private HbaAddress() {}

    /** From the field as eight little-endian bytes. */
    static long of(long field) {
        return Long.reverseBytes(field);
    }

    /** The target, or {@link #NO_TARGET}. */
    static int target(long address) {
        return address >>> 56 == 1 ? (int) (address >>> 48) & 0xff : NO_TARGET;
    }

    /** The logical unit, or {@link LunAddress#INVALID}. */
    static int lun(long address) {
        return LunAddress.decode(address << 16);
    }
}
