package vmm.machine;

import vmm.block.ErrorPolicy;

/**
 * How a disk's requests are treated.
 *
 * @param errors what becomes of those that the storage could not do
 * @param limits how many there may be
 * @param secureErase true if the guest may have ranges overwritten; virtio-blk only
 * @param protection of which type the protection information is that is kept beside the data (SBC-4 4.21): 1 or 3, or 0
 *     for none; SCSI only
 */
public record DiskPolicy(ErrorPolicy errors, DiskLimits limits, boolean secureErase, int protection) {
    /** What a disk has about which nobody says anything. */
    public static final DiskPolicy DEFAULT = new DiskPolicy(ErrorPolicy.DEFAULT, DiskLimits.NONE, false, 0);

    /** The same with other limits. */
    DiskPolicy withLimits(DiskLimits other) {
        return new DiskPolicy(errors, other, secureErase, protection);
    }
}
