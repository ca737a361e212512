package vmm.machine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.block.BlockOptions;
import vmm.block.BlockRequest.Operation;
import vmm.block.DiskErrorListener;
import vmm.block.ErrorPolicyDisk;
import vmm.block.ThrottleGroup;
import vmm.block.ThrottledDisk;
import vmm.scsi.block.NonvolatileState;
import vmm.scsi.block.protection.ProtectedMedium;
import vmm.scsi.block.protection.ProtectionType;
import vmm.scsi.multimedia.DiscSource;
import vmm.scsi.primary.SavedModes;
import vmm.scsi.reservation.Reservations;

/**
 * What the disks of a machine are made of, from when they are plugged until they are gone: a reset of the machine keeps
 * it. It is a node's image with the filters in front of it that the disk asked for. The discs of CD-ROM drives come and
 * go. Any thread.
 */
final class OpenDisks implements AutoCloseable {
    private static final List<String> NO_FILES = List.of("null:", "mem:", "nbd:", "nbd+unix:");

    private final BlockNodes nodes;
    private final Listener listener;

    /** Of disks that are no drives, by their names. Guarded by this. */
    private final Map<String, Medium> media = new HashMap<>();

    /** What some disks share, by its name. Guarded by this. */
    private final Map<String, ThrottleGroup> groups = new HashMap<>();

    /**
     * The nodes of the discs that lie on the trays of drives, or are in them, by the drives' names. Guarded by this.
     */
    private final Map<String, String> trays = new HashMap<>();

    /** Told of requests that wait because their disk cannot be used. */
    interface Listener {
        /** See {@link DiskErrorListener#held}. */
        void held(String id, ErrorPolicyDisk disk, Operation operation, int errno);

        /** See {@link DiskErrorListener#released}. */
        void released(ErrorPolicyDisk disk, int errno);
    }

    /** What there is of one disk. */
    private static final class Medium {
        private final BlockDevice device;
        private final ThrottledDisk throttle;
        private Optional<String> group;
        private @Nullable NonvolatileState nonvolatile;

        Medium(BlockDevice device, ThrottledDisk throttle, Optional<String> group) {
            this.device = device;
            this.throttle = throttle;
            this.group = group;
        }
    }

    /** No disks yet. */
    OpenDisks(BlockNodes nodes, Listener listener) {
        this.nodes = nodes;
        this.listener = listener;
    }

    /**
     * Opens the images of a machine's first disks as nodes of their names, and the disks; all or none. Discs are opened
     * by their drives.
     *
     * @throws vmm.linux.HostException naming the one that cannot be opened
     */
    void open(List<DiskConfig> configs) {
        for (DiskConfig config : configs) {
            NodeConfig node = new NodeConfig(config.node(), config.image(), config.policy());
            if (!config.cdrom()) {
                nodes.add(node);
            } else if (!config.node().isEmpty()) {
                nodes.addDisc(node);
            }
            connect(config);
        }
    }

    /**
     * Makes what a disk consists of; a drive has nothing of its own.
     *
     * @throws vmm.linux.HostException if a file cannot be used
     */
    synchronized void connect(DiskConfig config) {
        if (config.cdrom()) {
            trays.put(config.id(), config.node());
        } else {
            media.put(config.id(), open(config));
        }
    }

    /** Takes apart what a disk consists of, after its last request has ended. Its node stays. */
    void disconnect(String id) {
        Medium medium;
        synchronized (this) {
            trays.remove(id);
            medium = media.remove(id);
            forgetGroups();
        }
        if (medium != null) {
            close(medium);
        }
    }

    private static void close(Medium medium) {
        try (Teardown teardown = new Teardown()) {
            teardown.opened(medium.device);
            if (medium.nonvolatile != null) {
                teardown.then(medium.nonvolatile.reservations()::close);
            }
        }
    }

    /** A disk with the filters that it needs in front of it: requests are counted once, however often tried. */
    private synchronized Medium open(DiskConfig config) {
        BlockDevice disk = nodes.use(config.node());
        if (!isMemory(config.image())) {
            disk = new ErrorPolicyDisk(disk, config.policy().errors(), listenerOf(config));
        }
        DiskLimits limits = config.policy().limits();
        ThrottledDisk throttle = new ThrottledDisk(disk, group(limits));
        BlockDevice whole = config.policy().protection() == 0 ? throttle : protect(throttle, config);
        return new Medium(whole, throttle, limits.group());
    }

    private static boolean isMemory(BlockOptions image) {
        return image.source().startsWith("null:") || image.source().startsWith("mem:");
    }

    private DiskErrorListener listenerOf(DiskConfig config) {
        return new DiskErrorListener() {
            @Override
            public void held(ErrorPolicyDisk disk, Operation operation, int errno) {
                listener.held(config.id(), disk, operation, errno);
            }

            @Override
            public void released(ErrorPolicyDisk disk, int errno) {
                listener.released(disk, errno);
            }
        };
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

    /** What lies on the tray of a drive whenever it closes; an image's name leads to what is there then. */
    DiscSource discs(DiskConfig drive) {
        return () -> {
            String node = onTray(drive.id());
            return node.isEmpty()
                    ? null
                    : open(drive.withMedium(node, nodes.config(node).image())).device;
        };
    }

    private synchronized String onTray(String drive) {
        return trays.getOrDefault(drive, "");
    }

    /** Puts another disc on a tray, or none if {@code node} is empty. */
    synchronized void changeMedium(String drive, String node) {
        trays.put(drive, node);
    }

    /** Gives a disk other limits, and those that share its group. */
    synchronized void throttle(String id, DiskLimits limits) {
        Medium medium = medium(id);
        medium.group = limits.group();
        if (limits.group().isEmpty()) {
            medium.throttle.setGroup(limits.limits().isNone() ? null : new ThrottleGroup(limits.limits()));
        } else {
            ThrottleGroup group = new ThrottleGroup(limits.limits());
            groups.put(limits.group().get(), group);
            for (Medium member : media.values()) {
                if (member.group.equals(limits.group())) {
                    member.throttle.setGroup(group);
                }
            }
        }
        forgetGroups();
    }

    private @Nullable ThrottleGroup group(DiskLimits limits) {
        if (limits.limits().isNone()) {
            return null;
        }
        return limits.group()
                .map(name -> groups.computeIfAbsent(name, first -> new ThrottleGroup(limits.limits())))
                .orElseGet(() -> new ThrottleGroup(limits.limits()));
    }

    private void forgetGroups() {
        groups.keySet()
                .retainAll(media.values().stream()
                        .flatMap(medium -> medium.group.stream())
                        .collect(Collectors.toSet()));
    }

    /**
     * What a disk remembers as long as its power supply lasts: until it is gone, not until the machine resets. What
     * outlives that, too (APTPL, saved mode pages), is in files beside the image; a disk without a file has nothing to
     * lose.
     *
     * @param machine the name of the machine, unlike those of all others that share the disk
     * @throws vmm.linux.HostException if a file cannot be used
     */
    synchronized NonvolatileState nonvolatile(DiskConfig config, String machine) {
        Medium medium = medium(config.id());
        NonvolatileState known = medium.nonvolatile;
        if (known == null) {
            known = openNonvolatile(config, machine);
            medium.nonvolatile = known;
        }
        return known;
    }

    private static NonvolatileState openNonvolatile(DiskConfig config, String machine) {
        String source = config.image().source();
        if (NO_FILES.stream().anyMatch(source::startsWith)) {
            return NonvolatileState.none();
        }
        Path file = Path.of(source + ".reservations");
        Reservations kept = config.image().shareable() ? Reservations.shared(file, machine) : Reservations.inFile(file);
        return new NonvolatileState(kept, savedModes(config.image()));
    }

    /** Of a disk that others share nobody could say whose values are saved; one that is only read keeps nothing. */
    private static SavedModes savedModes(BlockOptions image) {
        boolean own = !image.readOnly() && !image.shareable() && Files.isRegularFile(Path.of(image.source()));
        return own ? SavedModes.inFile(Path.of(image.source() + ".modes")) : SavedModes.none();
    }

    /** What a disk consists of. */
    synchronized BlockDevice of(DiskConfig config) {
        return medium(config.id()).device;
    }

    private Medium medium(String id) {
        Medium medium = media.get(id);
        if (medium == null) {
            throw new IllegalArgumentException("No disk " + id + " was opened.");
        }
        return medium;
    }

    /** Takes all of them apart, after the last request has ended. */
    @Override
    public void close() {
        List<Medium> last;
        synchronized (this) {
            last = List.copyOf(media.values());
            media.clear();
        }
        last.forEach(OpenDisks::close);
    }
}
