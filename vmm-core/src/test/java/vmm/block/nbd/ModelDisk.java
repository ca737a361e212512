package vmm.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest.Operation;
import vmm.block.TestRequest;
import vmm.event.EventLoop;

/**
 * What a disk has to hold after random requests with a fixed seed: many at once, but never two in the same lane, so
 * that there is one right answer.
 */
final class ModelDisk {
    private static final int SECTOR = 512;
    private static final int LANES = 16;

    private final Random random;
    final byte[] content;

    ModelDisk(int size, long seed) {
        content = new byte[size];
        random = new Random(seed);
    }

    /** A round of requests, one in each lane, and sometimes a flush. */
    List<TestRequest> round() {
        List<TestRequest> requests = new ArrayList<>();
        for (int lane = 0; lane < LANES; lane++) {
            requests.add(inLane(lane));
        }
        if (random.nextInt(4) == 0) {
            requests.add(TestRequest.flush());
        }
        return requests;
    }

    private TestRequest inLane(int lane) {
        int size = content.length / LANES;
        int length = SECTOR * random.nextInt(1, Math.min(size / SECTOR, 257));
        int offset = lane * size + SECTOR * random.nextInt((size - length) / SECTOR + 1);
        boolean unmap = random.nextBoolean();
        TestRequest request = switch (random.nextInt(5)) {
            case 0, 1 -> write(offset, length);
            case 2 -> {
                Arrays.fill(content, offset, offset + length, (byte) 0);
                yield TestRequest.range(Operation.WRITE_ZEROES, offset, length, unmap);
            }
            default -> TestRequest.read(offset, length);
        };
        if (request.operation().movesData()) {
            request.scatter(random, random.nextInt(1, 40));
        }
        if (request.operation().changesDisk() && random.nextInt(8) == 0) {
            request.requireStable();
        }
        return request;
    }

    private TestRequest write(int offset, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        System.arraycopy(bytes, 0, content, offset, length);
        return TestRequest.write(offset, bytes);
    }

    /** Waits for a round and looks at what was read. */
    void finish(List<TestRequest> round) {
        for (TestRequest request : round) {
            assertEquals(0, request.await(), request.operation() + " at " + request.offset());
            if (request.operation() == Operation.READ) {
                int from = (int) request.offset();
                byte[] expected = Arrays.copyOfRange(content, from, from + request.bytes().length);
                assertEquals(-1, Arrays.mismatch(expected, request.bytes()), "read at " + from);
            }
        }
    }

    void run(EventLoop loop, BlockQueue queue, int rounds) {
        for (int i = 0; i < rounds; i++) {
            List<TestRequest> round = round();
            loop.post(() -> round.forEach(queue::submit));
            finish(round);
        }
    }
}
