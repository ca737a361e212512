package vmm.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.event.SteppedEventLoop;
import vmm.linux.IoVector;

/** Purpose: what it takes to find out where the data of a request is in a qcow2 image. */
@State(Scope.Thread)
public class Qcow2Benchmark {
    private static final int CLUSTER_BITS = 16;
    private static final int CLUSTER = 1 << CLUSTER_BITS;
    private static final int SECTOR = 512;
    private static final long SIZE = 512L << 20;

    /** An odd number of sectors that leads through all of the disk. */
    private static final long STRIDE = 7919L * SECTOR;

    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final Arena arena = Arena.ofShared();
    private final Read read = new Read(arena.allocate(SECTOR));
    private final Path image;
    private final BlockDevice disk;
    private final BlockQueue queue;
    private long offset;

    /** Made by the harness. */
    public Qcow2Benchmark() {
        image = write(imageOfZeroClusters());
        disk = BlockDevices.open(
                new BlockOptions(image.toString(), true, Format.QCOW2, Cache.WRITEBACK, Aio.AUTO, false));
        queue = disk.openQueue(loop);
    }

    /**
     * An image whose clusters are all marked as zeros: reading one needs its L2 entry and nothing of the file. Five
     * clusters: the header, the refcount table, its one block, the L1 table, its one L2 table.
     */
    private static byte[] imageOfZeroClusters() {
        ByteBuffer bytes = ByteBuffer.allocate(5 * CLUSTER);
        bytes.putInt(0, 0x514649fb).putInt(4, 3).putInt(20, CLUSTER_BITS).putLong(24, SIZE);
        bytes.putInt(36, 1).putLong(40, 3 * CLUSTER);
        bytes.putLong(48, CLUSTER).putInt(56, 1).putInt(96, 4).putInt(100, 104);
        bytes.putLong(CLUSTER, 2 * CLUSTER);
        for (int i = 0; i < 5; i++) {
            bytes.putShort(2 * CLUSTER + 2 * i, (short) 1);
        }
        bytes.putLong(3 * CLUSTER, 4 * CLUSTER | 1L << 63);
        for (int i = 0; i < SIZE >> CLUSTER_BITS; i++) {
            bytes.putLong(4 * CLUSTER + 8 * i, 1);
        }
        return bytes.array();
    }

    private static Path write(byte[] image) {
        try {
            return Files.write(Files.createTempFile("vmm-bench", ".qcow2"), image);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A read of one sector, made once. */
    private static final class Read extends BlockRequest {
        private final MemorySegment sector;
        private int answers;

        Read(MemorySegment sector) {
            super(new IoVector(1));
            this.sector = sector;
        }

        void at(long offset) {
            data().clear();
            data().add(sector.address(), SECTOR);
            prepare(Operation.READ, offset);
        }

        @Override
        public void completed(int errno) {
            if (errno != 0) {
                throw new IllegalStateException("The image cannot be read.");
            }
            answers++;
        }
    }

    /** Brings the L2 table into memory; on the thread that measures, which the loop then belongs to. */
    @Setup
    public void load() {
        for (long at = 0; at < SIZE; at += CLUSTER) {
            read.at(at);
            queue.submit(read);
            loop.runUntilIdle();
        }
    }

    /** Reads a sector here and there. */
    @Benchmark
    public int lookUp() {
        offset = (offset + STRIDE) % SIZE;
        read.at(offset);
        queue.submit(read);
        return read.answers;
    }

    /** Closes the image. */
    @TearDown
    public void close() throws IOException {
        loop.close();
        disk.close();
        Files.delete(image);
        arena.close();
    }
}
