package vmm.memory;

import java.lang.foreign.MemorySegment;

/**
 * What the guest finds at a guest physical address: memory of this process, put there in stretches that may come and go
 * while the machine runs. Any thread may call.
 */
@FunctionalInterface
public interface MemorySlots {
    /** What the guest may do to a stretch. */
    enum Access {
        /** RAM. */
        READ_WRITE,
        /** ROM: a write is carried to whoever answers at the address, as if no memory were there. */
        READ_ONLY
    }

    /**
     * Puts memory into the guest's address space.
     *
     * @param address guest physical, a multiple of 4096; no other stretch is there
     * @param host native memory, of a multiple of 4096 bytes, which outlives the stretch
     * @return closing it takes the memory out of the guest's sight
     * @throws vmm.linux.HostException if the kernel refuses
     */
    Slot map(long address, MemorySegment host, Access access);

    /** One stretch. {@link #close} may be called once, by any thread. */
    @FunctionalInterface
    interface Slot extends AutoCloseable {
        @Override
        void close();
    }
}
