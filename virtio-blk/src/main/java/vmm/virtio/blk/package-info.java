/** The virtio block device (virtio 1.3 5.2). */
@NullMarked
package vmm.virtio.blk;

import org.jspecify.annotations.NullMarked;
