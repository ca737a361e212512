package vmm.virtio.blk;

import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;
import vmm.linux.Errno;
import vmm.linux.IoVector;
import vmm.memory.GuestMemory;
import vmm.virtio.DescriptorChain;
import vmm.virtio.QueueServer;

/** One request between its arrival and its answer, and then the next one. Owned by its queue. */
final class BlkSlot extends BlockRequest {
    /** The next one that is free, for the queue. */
    @Nullable
    BlkSlot nextFree;

    private final BlkQueue queue;
    private @Nullable QueueServer server;
    private @Nullable GuestMemory memory;
    private int head;

    /** Where the status is among the writable bytes: the last, after all data (virtio 1.3 5.2.6). */
    private long statusOffset;

    private long statusAddress;

    /** How many bytes the device may read after the header. */
    private long payload;

    /** Made for the first request that needs it. */
    private @Nullable RangeRequest ranges;

    /** True while {@link #ranges} does the work. */
    private boolean ranged;

    BlkSlot(BlkQueue queue, int longestChain) {
        super(new IoVector(longestChain));
        this.queue = queue;
    }

    /** Takes in a request that has at least one writable byte. */
    void begin(QueueServer from, DescriptorChain chain, GuestMemory guest) {
        server = from;
        memory = guest;
        head = chain.head();
        statusOffset = chain.writableBytes() - 1;
        payload = chain.readableBytes() - RequestFormat.HEADER_SIZE;
        int last = chain.count() - 1;
        statusAddress = chain.length(last) > 0
                ? chain.address(last) + chain.length(last) - 1
                : chain.writableAddress(statusOffset);
    }

    /** How many bytes of data the device may write. */
    long room() {
        return statusOffset;
    }

    /** How many bytes of data the device may read; less than 0 if even the header is too short. */
    long payload() {
        return payload;
    }

    /** Has the request done as a list of ranges, which is to be filled and started. */
    RangeRequest ranges() {
        RangeRequest list = ranges;
        if (list == null) {
            list = new RangeRequest(this);
            ranges = list;
        }
        ranged = true;
        return list;
    }

    @Override
    public void completed(int errno) {
        try {
            finish(errno);
        } catch (RuntimeException | Error defect) {
            QueueServer from = server;
            if (from == null) {
                throw defect;
            }
            // The disk may go on using this slot, so it is given to no other request.
            server = null;
            from.abandon(defect);
        }
    }

    private void finish(int errno) {
        RangeRequest list = ranges;
        if (ranged && list != null) {
            list.completed(errno);
        } else if (errno != 0) {
            answer(status(errno), operation() == Operation.READ ? moved() : 0);
        } else {
            switch (operation()) {
                case READ -> {
                    queue.countRead(statusOffset);
                    answer(RequestFormat.S_OK, statusOffset);
                }
                case WRITE -> {
                    queue.countWritten(payload);
                    answer(RequestFormat.S_OK, 0);
                }
                case FLUSH, DISCARD, WRITE_ZEROES -> answer(RequestFormat.S_OK, 0);
            }
        }
    }

    /** What the driver is told of an error of the disk. */
    static int status(int errno) {
        return errno == Errno.EOPNOTSUPP ? RequestFormat.S_UNSUPP : RequestFormat.S_IOERR;
    }

    /**
     * Writes the status and gives the request and this slot back.
     *
     * @param written how much of the writable data was written, from its start
     */
    void answer(int status, long written) {
        QueueServer from = server;
        GuestMemory guest = memory;
        if (from == null || guest == null) {
            throw new IllegalStateException("The request has been answered.");
        }
        guest.putByte(statusAddress, status);
        server = null;
        ranged = false;
        queue.giveBack(this, status);
        // virtio 1.3 2.7.8.2: count no byte that was not written, so not the status either if there is a gap
        from.complete(head, written == statusOffset ? written + 1 : written);
    }
}
