package vmm.scsi;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import vmm.event.EventLoop;

/**
 * A SCSI target device with one port (SAM-5): logical units by their numbers. Any thread may call.
 *
 * <p>Takes room for the largest number in use, not for all there could be.
 */
public final class ScsiTarget {
    private static final int SMALLEST_TABLE = 1;

    private volatile AtomicReferenceArray<@Nullable LogicalUnit> units = new AtomicReferenceArray<>(SMALLEST_TABLE);

    private final TargetUnits common;
    private final LogicalUnit reportLuns;

    /**
     * A target without logical units.
     *
     * @param common what it has beside those that will be attached to it
     */
    public ScsiTarget(TargetUnits common) {
        this.common = common;
        this.reportLuns = common.reportLuns();
    }

    /**
     * Gives a logical unit a number.
     *
     * @param lun 0 to {@link LunAddress#MAX_LUN}
     * @throws IllegalArgumentException if the number is out of range or taken
     */
    public synchronized void attach(int lun, LogicalUnit unit) {
        if (lun < 0 || lun > LunAddress.MAX_LUN) {
            throw new IllegalArgumentException("LUN " + lun + " is not between 0 and " + LunAddress.MAX_LUN + ".");
        }
        if (unit(lun) != null) {
            throw new IllegalArgumentException("LUN " + lun + " is taken.");
        }
        AtomicReferenceArray<@Nullable LogicalUnit> table = units;
        if (lun >= table.length()) {
            AtomicReferenceArray<@Nullable LogicalUnit> larger =
                    new AtomicReferenceArray<>(Integer.highestOneBit(lun) << 1);
            for (int i = 0; i < table.length(); i++) {
                larger.setPlain(i, table.getPlain(i));
            }
            larger.setPlain(lun, unit);
            units = larger;
        } else {
            table.setRelease(lun, unit);
        }
    }

    /** The logical unit of that number or {@link LunAddress#REPORT_LUNS}, or null if there is none. */
    public @Nullable LogicalUnit unit(int lun) {
        if (lun == LunAddress.REPORT_LUNS) {
            return reportLuns;
        }
        AtomicReferenceArray<@Nullable LogicalUnit> table = units;
        return lun >= 0 && lun < table.length() ? table.getAcquire(lun) : null;
    }

    /** True if there is no logical unit. */
    public boolean isEmpty() {
        return luns().length == 0;
    }

    /** The numbers in use, in ascending order. */
    public int[] luns() {
        AtomicReferenceArray<@Nullable LogicalUnit> table = units;
        int[] found = new int[table.length()];
        int count = 0;
        for (int lun = 0; lun < table.length(); lun++) {
            if (table.getAcquire(lun) != null) {
                found[count++] = lun;
            }
        }
        return Arrays.copyOf(found, count);
    }

    /** What it has beside the logical units that are attached to it. */
    TargetUnits common() {
        return common;
    }

    /** A way for an initiator to this target. */
    public ItNexus connect(EventLoop loop) {
        return new ItNexus(this, loop);
    }
}
