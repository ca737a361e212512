package vmm.scsi.multimedia;

import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;

/** Where a drive finds what somebody has put on its tray. */
@FunctionalInterface
public interface DiscSource {
    /**
     * Opens what lies on the tray as it closes. Any thread may call, the loop of an initiator among them.
     *
     * @return the disc, which the drive closes after its last use, or null if the tray is empty
     * @throws vmm.linux.HostException if there is something that cannot be opened
     */
    @Nullable
    BlockDevice load();
}
