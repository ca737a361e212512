package vmm.machine;

import java.util.List;

/** Where the guest finds a disk. */
public sealed interface DiskAddress {
    /**
     * A logical unit behind virtio-scsi controllers, or many of one kind.
     *
     * @param places where it is, at least one; all of these lead to the same logical unit, or to different ones if the
     *     disk is a range
     */
    record Scsi(List<LunRange> places) implements DiskAddress {
        /** Keeps a copy. */
        public Scsi {
            places = List.copyOf(places);
        }

        /** True if each number of its one place has a logical unit of its own. */
        public boolean isRange() {
            return !places.getFirst().isSingle();
        }
    }

    /**
     * A virtio-blk device of its own.
     *
     * @param virtio its place on the PCI bus, queues and threads
     */
    record Virtio(VirtioConfig virtio) implements DiskAddress {}
}
