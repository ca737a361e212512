package vmm.virtio.blk;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.block.StorageLifetime;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;
import vmm.virtio.DescriptorChain;
import vmm.virtio.QueueHandler;
import vmm.virtio.QueueServer;

/**
 * One request queue: turns requests of the driver into requests to the disk (virtio 1.3 5.2.6). Owned by the loop's
 * thread; allocates nothing but the first time that so many requests are in flight.
 */
final class BlkQueue implements QueueHandler {
    private final BlockDevice device;
    private final BlockQueue disk;
    private final BlkConfigSpace space;
    private final byte[] serial;
    private final int longestChain;
    private final int logicalBlock;
    private final boolean readOnly;
    private @Nullable BlkSlot firstFree;
    private @Nullable GuestMemory memory;
    private long features;

    private long reads;
    private long writes;
    private long flushes;
    private long discards;
    private long zeroings;
    private long readBytes;
    private long writtenBytes;
    private long errors;

    /**
     * A queue of a device that is not active.
     *
     * @param disk the way to {@code device} for this queue's loop
     * @param space shared by all queues
     */
    BlkQueue(BlockDevice device, BlockQueue disk, BlkConfig config, BlkConfigSpace space) {
        this.device = device;
        this.disk = disk;
        this.space = space;
        this.serial = Arrays.copyOf(config.serial().getBytes(US_ASCII), BlkConfig.SERIAL_SIZE);
        this.longestChain = config.queueSize();
        this.logicalBlock = config.layout().logicalBlock();
        this.readOnly = device.readOnly();
    }

    /** By the thread that activates the device, before the queue is looked at. */
    void activate(GuestMemory guestMemory, long negotiated) {
        memory = guestMemory;
        features = negotiated;
    }

    /** Lets requests wait for the storage alone, or ends that. */
    void drain(boolean on) {
        disk.drain(on);
    }

    BlkCounters counters() {
        return new BlkCounters(reads, writes, flushes, discards, zeroings, readBytes, writtenBytes, errors);
    }

    @Override
    public void handle(QueueServer server, DescriptorChain chain) {
        GuestMemory guest = memory;
        if (guest == null) {
            throw new IllegalStateException("The queue was not activated.");
        }
        if (chain.writableBytes() == 0) {
            throw new GuestFaultException("A block request has no room for its status.");
        }
        BlkSlot slot = takeSlot();
        slot.begin(server, chain, guest);
        if (slot.payload() < 0) {
            slot.answer(RequestFormat.S_IOERR, 0);
            return;
        }
        int type;
        long sector;
        if (chain.length(0) >= RequestFormat.HEADER_SIZE) {
            long header = chain.address(0);
            type = guest.getInt(header + RequestFormat.TYPE);
            sector = guest.getLong(header + RequestFormat.SECTOR);
        } else {
            type = chain.getInt(RequestFormat.TYPE);
            sector = chain.getLong(RequestFormat.SECTOR);
        }
        switch (type) {
            case RequestFormat.T_IN -> read(slot, chain, sector);
            case RequestFormat.T_OUT -> write(slot, chain, sector);
            case RequestFormat.T_FLUSH -> flush(slot);
            case RequestFormat.T_GET_ID -> identify(slot, chain);
            case RequestFormat.T_GET_LIFETIME -> tellLifetime(slot, chain);
            case RequestFormat.T_DISCARD, RequestFormat.T_WRITE_ZEROES, RequestFormat.T_SECURE_ERASE ->
                changeRanges(slot, chain, type);
            default -> slot.answer(RequestFormat.S_UNSUPP, 0);
        }
    }

    private void read(BlkSlot slot, DescriptorChain chain, long sector) {
        long length = slot.room();
        if (!isOnDisk(sector, length)) {
            slot.answer(RequestFormat.S_IOERR, 0);
            return;
        }
        reads++;
        slot.data().clear();
        chain.addWritable(slot.data(), 0, length);
        slot.prepare(BlockRequest.Operation.READ, sector * BlkConfigSpace.SECTOR);
        disk.submit(slot);
    }

    private void write(BlkSlot slot, DescriptorChain chain, long sector) {
        long length = slot.payload();
        // virtio 1.3 5.2.6.2: a read-only device writes nothing and says so
        if (readOnly || !isOnDisk(sector, length)) {
            slot.answer(RequestFormat.S_IOERR, 0);
            return;
        }
        writes++;
        slot.data().clear();
        chain.addReadable(slot.data(), RequestFormat.HEADER_SIZE, length);
        slot.prepare(BlockRequest.Operation.WRITE, sector * BlkConfigSpace.SECTOR);
        // virtio 1.3 5.2.6.2: stable when it is answered, unless the driver knows of a volatile cache
        if (!space.writeback()) {
            slot.requireStable();
        }
        disk.submit(slot);
    }

    private void flush(BlkSlot slot) {
        flushes++;
        slot.data().clear();
        slot.prepare(BlockRequest.Operation.FLUSH, 0);
        disk.submit(slot);
    }

    private void identify(BlkSlot slot, DescriptorChain chain) {
        int length = (int) Math.min(serial.length, slot.room());
        chain.write(0, serial, 0, length);
        slot.answer(RequestFormat.S_OK, length);
    }

    private void tellLifetime(BlkSlot slot, DescriptorChain chain) {
        StorageLifetime lifetime = device.lifetime().orElse(null);
        if (!has(BlkFeatures.LIFETIME) || lifetime == null) {
            slot.answer(RequestFormat.S_UNSUPP, 0);
        } else if (slot.room() < RequestFormat.LIFETIME_SIZE) {
            slot.answer(RequestFormat.S_IOERR, 0);
        } else {
            chain.putShort(RequestFormat.LIFETIME_PRE_EOL, lifetime.preEol());
            chain.putShort(RequestFormat.LIFETIME_TYPE_A, lifetime.typeA());
            chain.putShort(RequestFormat.LIFETIME_TYPE_B, lifetime.typeB());
            slot.answer(RequestFormat.S_OK, RequestFormat.LIFETIME_SIZE);
        }
    }

    private void changeRanges(BlkSlot slot, DescriptorChain chain, int type) {
        long feature = switch (type) {
            case RequestFormat.T_DISCARD -> BlkFeatures.DISCARD;
            case RequestFormat.T_WRITE_ZEROES -> BlkFeatures.WRITE_ZEROES;
            default -> BlkFeatures.SECURE_ERASE;
        };
        if (!has(feature)) {
            slot.answer(RequestFormat.S_UNSUPP, 0);
            return;
        }
        RangeRequest ranges = slot.ranges();
        int status = ranges.decode(this, chain, type);
        if (status != RequestFormat.S_OK) {
            slot.answer(status, 0);
            return;
        }
        if (type == RequestFormat.T_DISCARD) {
            discards++;
        } else {
            zeroings++;
        }
        ranges.start(disk, !space.writeback());
    }

    private boolean has(long feature) {
        return (features & feature) != 0;
    }

    /**
     * True if whole logical blocks from {@code sector}, an unsigned number, end before the disk does. The specification
     * asks drivers for whole sectors only; a disk with larger blocks could not do less than a block of its own, and
     * QEMU's refuses that as well.
     */
    boolean isOnDisk(long sector, long length) {
        long capacity = space.capacity();
        return (sector * BlkConfigSpace.SECTOR & logicalBlock - 1) == 0
                && (length & logicalBlock - 1) == 0
                && sector >= 0
                && sector <= capacity
                && length / BlkConfigSpace.SECTOR <= capacity - sector;
    }

    private BlkSlot takeSlot() {
        BlkSlot slot = firstFree;
        if (slot == null) {
            return new BlkSlot(this, longestChain);
        }
        firstFree = slot.nextFree;
        return slot;
    }

    /** Takes a slot back whose request has been answered. */
    void giveBack(BlkSlot slot, int status) {
        if (status != RequestFormat.S_OK) {
            errors++;
        }
        slot.nextFree = firstFree;
        firstFree = slot;
    }

    void countRead(long bytes) {
        readBytes += bytes;
    }

    void countWritten(long bytes) {
        writtenBytes += bytes;
    }
}
