/** The virtio SCSI host bus adapter (virtio 1.3 5.6): framing, queues, task management and events. */
@NullMarked
package vmm.virtio.scsi;

import org.jspecify.annotations.NullMarked;
