/** A virtio device and its queues, seen from neither the guest's bus nor the device's purpose. */
@NullMarked
package vmm.virtio;

import org.jspecify.annotations.NullMarked;
