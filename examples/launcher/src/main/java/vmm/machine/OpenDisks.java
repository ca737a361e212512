package vmm.machine;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;

/** A machine's disks, opened and locked for as long as the VMM runs: a reset of the machine keeps them. */
final class OpenDisks implements AutoCloseable {
    private final Teardown teardown = new Teardown();
    private final Map<String, BlockDevice> byId = new LinkedHashMap<>();

    /**
     * Opens all disks or none.
     *
     * @throws vmm.linux.HostException naming the one that cannot be opened
     */
    static OpenDisks open(List<DiskConfig> configs) {
        OpenDisks disks = new OpenDisks();
        try {
            for (DiskConfig config : configs) {
                disks.byId.put(config.id(), disks.teardown.opened(BlockDevices.open(config.image())));
            }
            return disks;
        } catch (Throwable failure) {
            disks.close();
            throw failure;
        }
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
