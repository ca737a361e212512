package vmm.bus;

import vmm.linux.EventFd;

/**
 * Turns guest writes into signals of an eventfd inside the kernel (ioeventfd), so that a doorbell never returns to the
 * VMM. Any thread may call.
 */
public interface Doorbells {
    /** Which address space a doorbell rings in. */
    enum Space {
        /** Guest physical memory. */
        MMIO,
        /** I/O ports. */
        PORT
    }

    /** A value for {@code match} that lets any written value ring. */
    long ANY_VALUE = -1;

    /**
     * Rings {@code bell} whenever the guest writes at {@code address}.
     *
     * @param length the write's size in bytes: 1, 2, 4 or 8, or 0 for any size
     * @param match the value that rings, or {@link #ANY_VALUE}; with length 0 always any value
     * @return closing it disconnects the doorbell
     * @throws vmm.linux.HostException if the kernel refuses, as for two doorbells at one address
     */
    Doorbell connect(Space space, long address, int length, long match, EventFd bell);

    /** One connection; {@link #close} may be called once, by any thread. */
    interface Doorbell extends AutoCloseable {
        @Override
        void close();
    }
}
