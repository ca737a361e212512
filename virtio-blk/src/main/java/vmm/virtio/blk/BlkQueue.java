package vmm.virtio.blk;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.linux.IoVector;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;
import vmm.virtio.DescriptorChain;
import vmm.virtio.QueueHandler;
import vmm.virtio.QueueServer;

/**
 * One request queue: turns requests of the driver into requests to the disk, and answers them (virtio 1.3 5.2.6). Owned
 * by the loop's thread; allocates nothing but the first time that so many requests are in flight.
 */
final class BlkQueue implements QueueHandler {
    // struct virtio_blk_req (virtio 1.3 5.2.6): le32 type, le32 reserved, le64 sector, data, u8 status
    private static final int TYPE = 0;
    private static final int SECTOR_NUMBER = 8;
    private static final int HEADER_SIZE = 16;

    private static final int T_IN = 0;
    private static final int T_OUT = 1;
    private static final int T_FLUSH = 4;
    private static final int T_GET_ID = 8;

    private static final int S_OK = 0;
    private static final int S_IOERR = 1;
    private static final int S_UNSUPP = 2;

    private final BlockQueue disk;
    private final byte[] serial;
    private final int longestChain;
    private final long sectors;
    private final boolean readOnly;
    private @Nullable Slot firstFree;
    private @Nullable GuestMemory memory;
    private boolean writeThrough;

    private long reads;
    private long writes;
    private long flushes;
    private long readBytes;
    private long writtenBytes;
    private long errors;

    BlkQueue(BlockQueue disk, BlkConfig config, long sectors, boolean readOnly) {
        this.disk = disk;
        this.serial = Arrays.copyOf(config.serial().getBytes(US_ASCII), BlkConfig.SERIAL_SIZE);
        this.longestChain = config.queueSize();
        this.sectors = sectors;
        this.readOnly = readOnly;
    }

    /** By the thread that activates the device, before its queues are looked at. */
    void activate(GuestMemory guestMemory, boolean flushEachWrite) {
        memory = guestMemory;
        writeThrough = flushEachWrite;
    }

    BlkCounters counters() {
        return new BlkCounters(reads, writes, flushes, readBytes, writtenBytes, errors);
    }

    @Override
    public void handle(QueueServer server, DescriptorChain chain) {
        if (chain.writableBytes() == 0) {
            throw new GuestFaultException("A block request has no room for its status.");
        }
        Slot slot = takeSlot();
        slot.begin(server, chain);
        if (chain.readableBytes() < HEADER_SIZE) {
            slot.answer(S_IOERR, 0);
            return;
        }
        int type = chain.getInt(TYPE);
        switch (type) {
            case T_IN -> read(slot, chain);
            case T_OUT -> write(slot, chain);
            case T_FLUSH -> flush(slot);
            case T_GET_ID -> {
                int length = (int) Math.min(serial.length, slot.statusOffset);
                chain.write(0, serial, 0, length);
                slot.answer(S_OK, length);
            }
            default -> slot.answer(S_UNSUPP, 0);
        }
    }

    private void read(Slot slot, DescriptorChain chain) {
        long sector = chain.getLong(SECTOR_NUMBER);
        long length = slot.statusOffset;
        if (!isOnDisk(sector, length)) {
            slot.answer(S_IOERR, 0);
            return;
        }
        reads++;
        slot.length = length;
        slot.data().clear();
        chain.addWritable(slot.data(), 0, length);
        slot.prepare(BlockRequest.Operation.READ, sector * BlkConfigSpace.SECTOR);
        disk.submit(slot);
    }

    private void write(Slot slot, DescriptorChain chain) {
        long sector = chain.getLong(SECTOR_NUMBER);
        long length = chain.readableBytes() - HEADER_SIZE;
        // virtio 1.3 5.2.6.2: a read-only device writes nothing and says so
        if (readOnly || !isOnDisk(sector, length)) {
            slot.answer(S_IOERR, 0);
            return;
        }
        writes++;
        slot.length = length;
        slot.data().clear();
        chain.addReadable(slot.data(), HEADER_SIZE, length);
        slot.prepare(BlockRequest.Operation.WRITE, sector * BlkConfigSpace.SECTOR);
        disk.submit(slot);
    }

    private void flush(Slot slot) {
        flushes++;
        slot.length = 0;
        slot.data().clear();
        slot.prepare(BlockRequest.Operation.FLUSH, 0);
        disk.submit(slot);
    }

    /** True if whole sectors from {@code sector}, an unsigned number, end before the disk does. */
    private boolean isOnDisk(long sector, long length) {
        return length % BlkConfigSpace.SECTOR == 0
                && sector >= 0
                && sector <= sectors
                && length / BlkConfigSpace.SECTOR <= sectors - sector;
    }

    private Slot takeSlot() {
        Slot slot = firstFree;
        if (slot == null) {
            return new Slot();
        }
        firstFree = slot.nextFree;
        return slot;
    }

    /** One request between its arrival and its answer. */
    private final class Slot extends BlockRequest {
        private @Nullable Slot nextFree;
        private @Nullable QueueServer server;
        private int head;
        private long statusAddress;

        /** Where the status is among the writable bytes: the last, after all data (virtio 1.3 5.2.6). */
        private long statusOffset;

        private long length;

        Slot() {
            super(new IoVector(longestChain));
        }

        void begin(QueueServer from, DescriptorChain chain) {
            server = from;
            head = chain.head();
            statusOffset = chain.writableBytes() - 1;
            statusAddress = chain.writableAddress(statusOffset);
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
            Operation operation = operation();
            if (errno != 0) {
                answer(S_IOERR, 0);
                return;
            }
            switch (operation) {
                case READ -> {
                    readBytes += length;
                    answer(S_OK, length);
                }
                case WRITE -> {
                    writtenBytes += length;
                    if (writeThrough) {
                        prepare(Operation.FLUSH, 0);
                        disk.submit(this);
                    } else {
                        answer(S_OK, 0);
                    }
                }
                case FLUSH, DISCARD, WRITE_ZEROES -> answer(S_OK, 0);
            }
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
            if (status != S_OK) {
                errors++;
            }
            guest.putByte(statusAddress, status);
            server = null;
            nextFree = firstFree;
            firstFree = this;
            // virtio 1.3 2.7.8.2: count no byte that was not written, so not the status either if there is a gap
            from.complete(head, written == statusOffset ? written + 1 : written);
        }
    }
}
