package vmm.machine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.block.BlockOptions;
import vmm.block.DiskErrorListener;
import vmm.block.ErrorPolicyDisk;
import vmm.block.MemoryDisk;
import vmm.block.NullDisk;
import vmm.block.ThrottleGroup;
import vmm.block.ThrottledDisk;
import vmm.scsi.block.NonvolatileState;
import vmm.scsi.block.protection.ProtectedMedium;
import vmm.scsi.block.protection.ProtectionType;
import vmm.scsi.multimedia.DiscSource;
import vmm.scsi.primary.SavedModes;
import vmm.scsi.reservation.Reservations;

/**
 * A machine's disks, opened and locked for as long as the VMM runs: a reset of the machine keeps them. The discs of
 * CD-ROM drives come and go.
 */
final class OpenDisks implements AutoCloseable {
    private static final List<String> NO_FILES = List.of("null:", "mem:", "nbd:", "nbd+unix:");

    private final Teardown teardown = new Teardown();
    private final Map<String, BlockDevice> byId = new LinkedHashMap<>();
    private final Map<String, ThrottleGroup> groups = new ConcurrentHashMap<>();
    private final Map<String, NonvolatileState> nonvolatile = new HashMap<>();
    private final DiskErrorListener listener;

    private OpenDisks(DiskErrorListener listener) {
        this.listener = listener;
    }

    /**
     * Opens all disks or none; discs are opened by their drives.
     *
     * @param listener told of requests that wait because their disk cannot be used
     * @throws vmm.linux.HostException naming the one that cannot be opened
     */
    static OpenDisks open(List<DiskConfig> configs, DiskErrorListener listener) {
        OpenDisks disks = new OpenDisks(listener);
        try {
            for (DiskConfig config : configs) {
                if (!config.cdrom()) {
                    disks.byId.put(config.id(), disks.teardown.opened(disks.open(config)));
                }
            }
            return disks;
        } catch (Throwable failure) {
            disks.close();
            throw failure;
        }
    }

    /** Opens a disk with the filters that it needs in front of it: requests are counted once, however often tried. */
    private BlockDevice open(DiskConfig config) {
        BlockDevice disk = BlockDevices.open(config.image());
        if (!(disk instanceof NullDisk || disk instanceof MemoryDisk)) {
            disk = new ErrorPolicyDisk(disk, config.policy().errors(), listener);
        }
        DiskLimits limits = config.policy().limits();
        if (!limits.limits().isNone()) {
            disk = new ThrottledDisk(disk, group(limits));
        }
        return config.policy().protection() == 0 ? disk : protect(disk, config);
    }

    private static BlockDevice protect(BlockDevice disk, DiskConfig config) {
        try {
            int block = config.logicalBlockSize();
            BlockDevice information = ProtectionFile.open(config.image(), disk.size() / block);
            ProtectionType type = ProtectionType.of(config.policy().protection());
            return new ProtectedMedium(disk, information, type, block);
        } catch (RuntimeException failure) {
            disk.close();
            throw failure;
        }
    }

    /** What lies on the tray of a drive whenever it closes: whatever the image's path leads to then. */
    DiscSource discs(DiskConfig drive) {
        return () -> drive.image().source().isEmpty() ? null : open(drive);
    }

    private ThrottleGroup group(DiskLimits limits) {
        return limits.group()
                .map(name -> groups.computeIfAbsent(name, first -> new ThrottleGroup(limits.limits())))
                .orElseGet(() -> new ThrottleGroup(limits.limits()));
    }

    /**
     * What a disk remembers as long as its power supply lasts: until the machine ends, not until it resets. What
     * outlives that, too (APTPL, saved mode pages), is in files beside the image; a disk without a file has nothing to
     * lose.
     *
     * @param machine the name of the machine, unlike those of all others that share the disk
     * @throws vmm.linux.HostException if a file cannot be used
     */
    NonvolatileState nonvolatile(DiskConfig config, String machine) {
        return nonvolatile.computeIfAbsent(config.id(), id -> openNonvolatile(config, machine));
    }

    private NonvolatileState openNonvolatile(DiskConfig config, String machine) {
        String source = config.image().source();
        if (NO_FILES.stream().anyMatch(source::startsWith)) {
            return NonvolatileState.none();
        }
        Path file = Path.of(source + ".reservations");
        Reservations kept = config.image().shareable() ? Reservations.shared(file, machine) : Reservations.inFile(file);
        teardown.then(kept::close);
        return new NonvolatileState(kept, savedModes(config.image()));
    }

    /** Of a disk that others share nobody could say whose values are saved; one that is only read keeps nothing. */
    private static SavedModes savedModes(BlockOptions image) {
        boolean own = !image.readOnly() && !image.shareable() && Files.isRegularFile(Path.of(image.source()));
        return own ? SavedModes.inFile(Path.of(image.source() + ".modes")) : SavedModes.none();
    }

    /** The disk of a configuration that was opened. */
    BlockDevice of(DiskConfig config) {
        BlockDevice disk = byId.get(config.id());
        if (disk == null) {
            throw new IllegalArgumentException("No disk " + config.id() + " was opened.");
        }
        return disk;
    }

    /** Flushes and closes all of them, after the last request has ended. */
    @Override
    public void close() {
        teardown.close();
    }
}
