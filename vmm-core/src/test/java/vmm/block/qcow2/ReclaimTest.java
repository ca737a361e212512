package vmm.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.block.BlockRequest.Operation;
import vmm.event.SteppedEventLoop;
import vmm.linux.IoVector;

/** When clusters that were given up are used again. */
class ReclaimTest {
    private static final int CLUSTER = 65536;

    private final RecordingFile file =
            new RecordingFile(BlankImage.of(16, 1 << 20).bytes());
    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final Qcow2Disk disk = Qcow2Disk.open(Images.options(Path.of("recording"), false), file, List.of());
    private final BlockQueue queue = disk.openQueue(loop);

    private static final class Request extends BlockRequest {
        final MemorySegment memory;
        int errno = -1;

        Request(Operation operation, long offset, int length, byte fill) {
            super(new IoVector(1));
            memory = Arena.ofAuto().allocate(length + 1L);
            memory.fill(fill);
            data().add(memory.address(), length);
            if (operation.movesData()) {
                prepare(operation, offset);
            } else {
                prepareRange(operation, offset, length, true);
            }
        }

        @Override
        public void completed(int errno) {
            this.errno = errno;
        }
    }

    private Request submit(Operation operation, long offset, int length, int fill) {
        Request request = new Request(operation, offset, length, (byte) fill);
        queue.submit(request);
        return request;
    }

    /** Does all that the file is asked but the {@code spared} oldest requests. */
    private void releaseAllBut(int spared) {
        while (file.waiting() > spared) {
            file.releaseNewest();
            loop.runUntilIdle();
        }
    }

    @Test
    void aClusterThatAWriteIsStillOnItsWayToIsNotUsedAgain() {
        submit(Operation.WRITE, 0, CLUSTER, 1);
        submit(Operation.FLUSH, 0, 0, 0);
        file.hold();
        Request late = submit(Operation.WRITE, 4096, 4096, 2);
        Request discard = submit(Operation.DISCARD, 0, CLUSTER, 0);
        Request flush = submit(Operation.FLUSH, 0, 0, 0);
        releaseAllBut(1);
        assertEquals(0, discard.errno);
        assertEquals(0, flush.errno);
        Request other = submit(Operation.WRITE, 5 * CLUSTER, CLUSTER, 3);
        releaseAllBut(1);
        assertEquals(0, other.errno);
        file.release(new Random(1));
        assertEquals(0, late.errno);
        Request read = submit(Operation.READ, 5 * CLUSTER, CLUSTER, 0);
        byte[] expected = new byte[CLUSTER + 1];
        Arrays.fill(expected, 0, CLUSTER, (byte) 3);
        assertArrayEquals(expected, read.memory.toArray(ValueLayout.JAVA_BYTE));
        disk.close();
        assertEquals(new ImageChecker.Verdict(List.of(), 0), ImageChecker.check(file.content()));
    }

    @Test
    void aClusterThatWasGivenUpIsUsedAgainOnceThatIsOnStableStorage() {
        submit(Operation.WRITE, 0, CLUSTER, 1);
        submit(Operation.FLUSH, 0, 0, 0);
        submit(Operation.DISCARD, 0, CLUSTER, 0);
        submit(Operation.WRITE, CLUSTER, CLUSTER, 2);
        submit(Operation.FLUSH, 0, 0, 0);
        long size = usedClusters();
        submit(Operation.WRITE, 2 * CLUSTER, CLUSTER, 2);
        submit(Operation.FLUSH, 0, 0, 0);
        assertEquals(size + 1, usedClusters());
        disk.close();
        assertEquals(7 * CLUSTER, file.content().length);
    }

    /** Header, refcount table, refcount block, L1 table, L2 table and data. */
    private long usedClusters() {
        int used = 0;
        for (int at = 0; at < CLUSTER; at += 2) {
            used += file.content()[2 * CLUSTER + at + 1];
        }
        return used;
    }
}
