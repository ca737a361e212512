package vmm.virtio.pci;

import java.util.ArrayList;
import java.util.List;

/**
 * All that a driver can see of the transport beyond configuration space and MSI-X (virtio 1.3 4.1.4.3).
 *
 * @param status device_status, DEVICE_NEEDS_RESET included
 * @param deviceFeatureSelect device_feature_select
 * @param driverFeatureSelect driver_feature_select
 * @param driverFeatures what the driver wrote to driver_feature, all pages
 * @param queueSelect queue_select
 * @param configVector config_msix_vector
 * @param isr the ISR status register
 * @param configGeneration config_generation
 * @param queues by index
 */
public record VirtioPciState(
        int status,
        int deviceFeatureSelect,
        int driverFeatureSelect,
        long driverFeatures,
        int queueSelect,
        int configVector,
        int isr,
        int configGeneration,
        List<Queue> queues) {
    /** The vector of a queue that interrupts nobody, VIRTIO_MSI_NO_VECTOR. */
    public static final int NO_VECTOR = 0xffff;

    /** Keeps a copy of the queues. */
    public VirtioPciState {
        queues = List.copyOf(queues);
    }

    /**
     * One queue.
     *
     * @param size queue_size
     * @param vector queue_msix_vector
     * @param enabled queue_enable
     * @param descriptorArea queue_desc
     * @param driverArea queue_driver
     * @param deviceArea queue_device
     */
    public record Queue(int size, int vector, boolean enabled, long descriptorArea, long driverArea, long deviceArea) {}

    /** The state before any driver, with queues of these largest sizes. */
    public static VirtioPciState initial(int[] queueSizes) {
        List<Queue> queues = new ArrayList<>();
        for (int size : queueSizes) {
            queues.add(new Queue(size, NO_VECTOR, false, 0, 0, 0));
        }
        return new VirtioPciState(0, 0, 0, 0, 0, NO_VECTOR, 0, 0, queues);
    }
}
