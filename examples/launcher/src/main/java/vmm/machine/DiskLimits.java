package vmm.machine;

import java.util.Optional;
import vmm.block.ThrottleLimits;

/**
 * How much a disk may do in a second.
 *
 * @param group the disks that share the limits, by a name that they all give; empty if the limits are this disk's own
 * @param limits what they are; in a request, those of the group may be with any of its disks
 */
public record DiskLimits(Optional<String> group, ThrottleLimits limits) {
    /** As much as it can. */
    public static final DiskLimits NONE = new DiskLimits(Optional.empty(), ThrottleLimits.NONE);
}
