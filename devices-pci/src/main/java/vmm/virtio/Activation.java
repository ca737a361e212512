package vmm.virtio;

import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.memory.GuestMemory;

/**
 * All that a device needs to run, as its driver set it up.
 *
 * @param memory where rings and buffers are
 * @param features the feature bits that both sides agreed on
 * @param queues by queue index; null where the driver enabled none
 * @param events the device's way to its driver outside the queues
 */
public record Activation(GuestMemory memory, long features, List<@Nullable QueueSetup> queues, DeviceEvents events) {
    /** True if both sides agreed on {@code feature}, one of {@link Features} or a device's own bit. */
    public boolean has(long feature) {
        return (features & feature) != 0;
    }
}
