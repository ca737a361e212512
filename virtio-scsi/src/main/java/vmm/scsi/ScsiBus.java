package vmm.scsi;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** The targets that a host bus adapter reaches (a SCSI domain, SAM-5), by their numbers. Any thread may call. */
public final class ScsiBus {
    /** The largest number of a target. */
    public static final int MAX_TARGET = 255;

    /** The largest number of a bus: then all ports of all targets have identifiers of 16 bits. */
    public static final int MAX_NUMBER = 254;

    private final AtomicReferenceArray<@Nullable ScsiTarget> targets = new AtomicReferenceArray<>(MAX_TARGET + 1);

    private final TargetUnits common;
    private final int number;
    private final ScsiTarget itself;

    /** A bus without targets, of number 0. */
    public ScsiBus(TargetUnits common) {
        this(common, 0);
    }

    /**
     * A bus without targets.
     *
     * @param common what each target has beside the logical units that are attached to it
     * @param number tells the bus from others that lead to the same logical units, 0 to {@value #MAX_NUMBER}
     */
    public ScsiBus(TargetUnits common, int number) {
        if (number < 0 || number > MAX_NUMBER) {
            throw new IllegalArgumentException("Bus " + number + " is not between 0 and " + MAX_NUMBER + ".");
        }
        this.common = common;
        this.number = number;
        this.itself = new ScsiTarget(common, relativePort(0), null, this::addresses);
    }

    /**
     * Puts a logical unit behind a target, which appears with its first one.
     *
     * @param target 0 to {@value #MAX_TARGET}
     * @param lun 0 to {@link LunAddress#MAX_LUN}
     * @throws IllegalArgumentException if a number is out of range or taken
     */
    public synchronized void attach(int target, int lun, LogicalUnit unit) {
        checkTarget(target);
        ScsiTarget known = targets.get(target);
        ScsiTarget there = known != null ? known : new ScsiTarget(common, relativePort(target), this, null);
        there.attach(lun, unit);
        targets.set(target, there);
    }

    /**
     * Puts logical units behind a target that are made when they are first asked for. See {@link ScsiTarget#attach(int,
     * int, IntFunction)}.
     *
     * @throws IllegalArgumentException if a number is out of range or taken
     */
    public synchronized void attach(int target, int firstLun, int lastLun, IntFunction<LogicalUnit> maker) {
        checkTarget(target);
        ScsiTarget known = targets.get(target);
        ScsiTarget there = known != null ? known : new ScsiTarget(common, relativePort(target), this, null);
        there.attach(firstLun, lastLun, maker);
        targets.set(target, there);
    }

    /**
     * Takes a logical unit away, and the target with its last one.
     *
     * @return false if it is not there
     */
    public synchronized boolean detach(int target, int lun) {
        checkTarget(target);
        ScsiTarget there = targets.get(target);
        if (there == null || !there.detach(lun)) {
            return false;
        }
        if (there.isEmpty()) {
            targets.set(target, null);
        }
        return true;
    }

    /**
     * The bus as a target of its own, which has well known logical units only: its REPORT LUNS lists the logical units
     * of all targets, each by an address of two levels (SAM-5, hierarchical LUN structure).
     */
    public ScsiTarget itself() {
        return itself;
    }

    /** True if some logical unit that was attached by itself keeps protection information. */
    public boolean hasProtection() {
        for (int target = 0; target <= MAX_TARGET; target++) {
            ScsiTarget there = targets.getAcquire(target);
            if (there != null && there.hasProtection()) {
                return true;
            }
        }
        return false;
    }

    private long[] addresses() {
        LongStream.Builder all = LongStream.builder();
        for (int target = 0; target <= MAX_TARGET; target++) {
            ScsiTarget there = targets.getAcquire(target);
            if (there != null) {
                for (long lun : there.addresses()) {
                    all.add(LunAddress.behind(target, lun));
                }
            }
        }
        return all.build().toArray();
    }

    private static void checkTarget(int target) {
        if (target < 0 || target > MAX_TARGET) {
            throw new IllegalArgumentException("Target " + target + " is not between 0 and " + MAX_TARGET + ".");
        }
    }

    /** The identifier of a target's port, unlike those of all other targets and buses. */
    private int relativePort(int target) {
        return number * (MAX_TARGET + 1) + target + 1;
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
