package vmm.scsi;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** The targets that a host bus adapter reaches (a SCSI domain, SAM-5), by their numbers. Any thread may call. */
public final class ScsiBus {
    /** The largest number of a target. */
    public static final int MAX_TARGET = 255;

    private final AtomicReferenceArray<@Nullable ScsiTarget> targets = new AtomicReferenceArray<>(MAX_TARGET + 1);

    private final TargetUnits common;

    /**
     * A bus without targets.
     *
     * @param common what each target has beside the logical units that are attached to it
     */
    public ScsiBus(TargetUnits common) {
        this.common = common;
    }

    /**
     * Puts a logical unit behind a target, which appears with its first one.
     *
     * @param target 0 to {@value #MAX_TARGET}
     * @param lun 0 to {@link LunAddress#MAX_LUN}
     * @throws IllegalArgumentException if a number is out of range or taken
     */
    public synchronized void attach(int target, int lun, LogicalUnit unit) {
        if (target < 0 || target > MAX_TARGET) {
            throw new IllegalArgumentException("Target " + target + " is not between 0 and " + MAX_TARGET + ".");
        }
        ScsiTarget known = targets.get(target);
        if (known == null) {
            ScsiTarget fresh = new ScsiTarget(common);
            fresh.attach(lun, unit);
            targets.set(target, fresh);
        } else {
            known.attach(lun, unit);
        }
    }

    /**
     * The target of that number, or null if there is none.
     *
     * @param target 0 to {@value #MAX_TARGET}
     */
    public @Nullable ScsiTarget target(int target) {
        return targets.getAcquire(target);
    }
}
