package vmm.bench;

import java.util.Locale;

/** The two devices that this project compares. */
public enum Bus {
    /** virtio-blk */
    BLK,
    /** virtio-scsi */
    SCSI;

    /** In one word. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
