package vmm.bus;

/**
 * What answers the guest's reads and writes in one range of an address space.
 *
 * <p>Called by whichever vCPU thread made the access, so by several at once: a device keeps its own lock. It must not
 * wait for another vCPU.
 */
public interface BusDevice {
    /**
     * Answers a read.
     *
     * @param offset bytes from the start of the range
     * @param size 1, 2, 4 or 8 bytes, which may reach past the end of the range
     * @return the value in the low {@code size} bytes; higher bits are ignored
     */
    long read(long offset, int size);

    /**
     * Takes a write.
     *
     * @param offset bytes from the start of the range
     * @param size 1, 2, 4 or 8 bytes, which may reach past the end of the range
     * @param value in the low {@code size} bytes; higher bits are zero
     */
    void write(long offset, int size, long value);
}
