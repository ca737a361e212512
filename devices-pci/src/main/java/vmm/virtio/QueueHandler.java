package vmm.virtio;

/** What a device does with a request. */
@FunctionalInterface
public interface QueueHandler {
    /**
     * Takes one request. It ends in exactly one {@link QueueServer#complete}, before this returns or later. Loop thread
     * only.
     *
     * @param chain valid until this returns; what is needed longer is copied
     * @throws vmm.memory.GuestFaultException if no answer is possible, which breaks the device; nothing may have been
     *     started for this request then
     */
    void handle(QueueServer queue, DescriptorChain chain);
}
