package vmm.scsi.block;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import vmm.block.BlockDevice;
import vmm.block.StorageSpace;
import vmm.scsi.BigEndian;
import vmm.scsi.Cdb;
import vmm.scsi.SupportedCommand;
import vmm.scsi.primary.ModePage;

/**
 * The logical block provisioning thresholds of a disk (SBC-4 4.7.3.7): initiators are told when its storage runs short.
 * Any thread may call.
 *
 * <p>The storage is looked at when a command arrives, if it has not been lately. An LBA mapping resource is the storage
 * of a logical block.
 */
final class ProvisioningThresholds {
    private static final int FIRST_DESCRIPTOR = 16;
    private static final int DESCRIPTOR = 8;
    private static final int COUNT = 4;
    private static final int DESCRIPTORS = 4;

    private static final int ENABLED = 1 << 7;

    /** SITUA: only the initiator is told whose command was the first to find a threshold crossed. */
    private static final int SITUA = 1;

    private static final int SITUA_OFFSET = 4;

    // Threshold descriptors: THRESHOLD ARMING, THRESHOLD RESOURCE (SBC-4 table 7). Only whether they are enabled and
    // where they lie can be changed, so whatever an initiator makes of them has a meaning.
    private static final String AVAILABLE_DECREASES = " 00 01 00 00 00 00 00 00";
    private static final String USED_INCREASES = " 01 02 00 00 00 00 00 00";
    private static final int INCREASING = 1;

    /** Logical Block Provisioning (SBC-4 6.5.9): two thresholds of what is left, two of what is used. */
    static final ModePage PAGE = ModePage.of(
            "Logical Block Provisioning",
            "5c 02 00 2c" + " 00".repeat(12) + AVAILABLE_DECREASES.repeat(2) + USED_INCREASES.repeat(2),
            "00 00 00 00 01" + " 00".repeat(11) + " 80 00 00 00 ff ff ff ff".repeat(DESCRIPTORS));

    private static final long MOST_SETS = 0xffff_ffffL;

    /** A threshold set is a mebibyte at least. */
    private static final int LEAST_SET_SHIFT = 20;

    private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(100);

    private final ScsiDisk disk;
    private final Threshold[] thresholds = new Threshold[DESCRIPTORS];
    private byte[] page = PAGE.defaults();
    private volatile boolean watching;
    private volatile long nextLook;

    /** The thresholds of {@code disk}, none of them enabled. */
    ProvisioningThresholds(ScsiDisk disk) {
        this.disk = disk;
        rearm();
    }

    /** True if a medium gives storage back and tells how much it has: without either there is nothing to watch. */
    static boolean canWatch(BlockDevice medium) {
        return !medium.readOnly()
                && medium.discardGranularity() > 0
                && medium.space().isPresent();
    }

    /** THRESHOLD EXPONENT (SBC-4 6.6.7): how many logical blocks a threshold set has, as a power of two. */
    int exponent() {
        int least = LEAST_SET_SHIFT - disk.geometry().shift();
        int bits = Long.SIZE - Long.numberOfLeadingZeros(disk.blocks());
        return Math.max(least, bits - Integer.SIZE);
    }

    /** What the medium tells, in logical blocks; nothing if it cannot just now. */
    Optional<StorageSpace> blocks() {
        int shift = disk.geometry().shift();
        return disk.medium()
                .space()
                .map(space -> new StorageSpace(space.used() >>> shift, space.available() >>> shift));
    }

    /** A number of logical blocks in threshold sets, as the RESOURCE COUNT of a log parameter has it. */
    long sets(long blocks) {
        return Math.min(blocks >>> exponent(), MOST_SETS);
    }

    /** Mode parameters have changed: thresholds that are new are armed. */
    synchronized void changed() {
        byte[] next = disk.modes().current(PAGE);
        for (int i = 0; i < DESCRIPTORS; i++) {
            int at = FIRST_DESCRIPTOR + i * DESCRIPTOR;
            if (!Arrays.equals(page, at, at + DESCRIPTOR, next, at, at + DESCRIPTOR)) {
                thresholds[i] = new Threshold(next, at);
            }
        }
        page = next;
        boolean reporting = disk.modes().has(DiskModePages.ERROR_RECOVERY, 7, DiskModePages.LBPERE);
        watching = reporting && Arrays.stream(thresholds).anyMatch(threshold -> threshold.enabled);
        lookAgain();
    }

    /** A logical unit reset: whatever has been told before is told again. */
    synchronized void rearm() {
        for (int i = 0; i < DESCRIPTORS; i++) {
            thresholds[i] = new Threshold(page, FIRST_DESCRIPTOR + i * DESCRIPTOR);
        }
        lookAgain();
    }

    /** Does not wait with the next look. */
    void lookAgain() {
        nextLook = System.nanoTime();
    }

    /**
     * A command has come, and nobody has looked at it yet. One that leaves unit attentions alone (INQUIRY) finds
     * nothing: with SITUA, it is not whom to tell. Loop of {@code nexus}.
     */
    void commandArrives(DiskNexus nexus, Cdb cdb) {
        if (!watching || System.nanoTime() - nextLook < 0) {
            return;
        }
        SupportedCommand<?> command = nexus.commands().find(cdb);
        if (command == null || command.reportsUnitAttention()) {
            look(nexus);
        }
    }

    private synchronized void look(DiskNexus nexus) {
        nextLook = System.nanoTime() + INTERVAL;
        StorageSpace space = blocks().orElse(null);
        if (space == null || !watching) {
            return;
        }
        long set = 1L << exponent();
        for (int i = 0; i < DESCRIPTORS; i++) {
            Threshold threshold = thresholds[i];
            if (threshold.crossed(threshold.increasing ? space.used() : space.available(), set)) {
                tell(nexus, i);
            }
        }
    }

    /** SBC-4 4.7.3.7.6. */
    private void tell(DiskNexus nexus, int index) {
        if ((page[SITUA_OFFSET] & SITUA) != 0) {
            nexus.thresholdReached(index);
        } else {
            disk.forEachDiskNexus(each -> each.thresholdReached(index));
        }
    }

    /** INFORMATION for a threshold: where in the mode page its descriptor begins. */
    static int informationOf(int index) {
        return FIRST_DESCRIPTOR + index * DESCRIPTOR;
    }

    /**
     * One of them. It is told once, when the value has come to the other side of its range, and again only after the
     * value has been back (SBC-4 4.7.3.7.4, 4.7.3.7.5).
     */
    private static final class Threshold {
        private final boolean enabled;
        private final boolean increasing;
        private final long count;

        /** The notification trigger: the value has entered the range from the good side. */
        private boolean triggered;

        /** The value is, or was before the threshold was set, on the good side. */
        private boolean good = true;

        Threshold(byte[] page, int at) {
            enabled = (page[at] & ENABLED) != 0;
            increasing = (page[at] & 0b111) == INCREASING;
            count = BigEndian.get32(page, at + COUNT);
        }

        /** True if it is to be told now that {@code value} is what it is. */
        boolean crossed(long value, long set) {
            // Half a set above and below count sets, so in half blocks.
            long center = 2 * count * set;
            long beyond = increasing ? 2 * value - center : center - 2 * value;
            if (beyond < -set) {
                good = true;
                triggered = false;
            } else if (good) {
                good = false;
                triggered = true;
            }
            boolean tell = enabled && triggered && beyond > set;
            triggered &= !tell;
            return tell;
        }
    }
}
