package vmm.virtio.scsi;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import vmm.linux.IoVector;
import vmm.memory.GuestMemory;
import vmm.virtio.DescriptorChain;

/** Where the fixed part of a response goes: one buffer with nearly every driver, but it may be any number of them. */
final class ResponseRoom {
    private final int longestChain;
    private @Nullable GuestMemory memory;
    private long address;
    private int length;

    /** Made for the first driver that scatters its responses. */
    private @Nullable IoVector scattered;

    /** True if the room is {@link #scattered}. */
    private boolean isScattered;

    ResponseRoom(int longestChain) {
        this.longestChain = longestChain;
    }

    /** The first {@code bytes} of what the device may write, which are there. */
    void set(GuestMemory guest, DescriptorChain chain, int bytes) {
        memory = guest;
        length = bytes;
        int first = chain.readableCount();
        isScattered = chain.length(first) < bytes;
        if (isScattered) {
            IoVector vector = scattered;
            if (vector == null) {
                vector = new IoVector(longestChain);
                scattered = vector;
            }
            vector.clear();
            chain.addWritable(vector, 0, bytes);
        } else {
            address = chain.address(first);
        }
    }

    /** Fills the room from the start of {@code response}. Once for each {@link #set}. */
    void write(byte[] response) {
        IoVector vector = scattered;
        GuestMemory guest = memory;
        if (isScattered && vector != null) {
            vector.copyFrom(MemorySegment.ofArray(response), 0);
        } else if (guest != null) {
            guest.write(address, response, 0, length);
        }
    }
}
