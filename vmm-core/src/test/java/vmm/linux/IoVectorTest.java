package vmm.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IoVectorTest {
    private static final long SEED = 5;

    private record Buffer(long address, long length) {}

    @Test
    void buffersMoveToAnotherVectorAsFarAsAskedAndItGrowsForThem() {
        IoVector source = new IoVector(4);
        for (long i = 1; i <= 4; i++) {
            source.add(1000 * i, 100);
        }
        IoVector target = new IoVector(1);
        target.add(7, 3);
        source.moveTo(target, 250);
        assertEquals(4, target.count());
        assertEquals(253, target.bytes());
        assertEquals(3000, target.addressOf(3));
        assertEquals(50, target.lengthOf(3));
        assertEquals(2, source.count());
        assertEquals(150, source.bytes());
        assertEquals(3050, source.addressOf(0));
        source.moveTo(target, 150);
        assertEquals(403, target.bytes());
        assertEquals(0, source.bytes());
        assertEquals(0, source.count());
    }

    @Test
    void whatWasDroppedIsThereAgainAfterARewindHoweverItWasCut() {
        Random random = new Random(SEED);
        IoVector vector = new IoVector(20);
        for (int round = 0; round < 2_000; round++) {
            vector.clear();
            for (int i = random.nextInt(20); i > 0; i--) {
                vector.add(random.nextInt(1 << 20), 1 + random.nextInt(5000));
            }
            List<Buffer> before = buffers(vector);
            long bytes = vector.bytes();
            for (int attempt = 0; attempt < 3; attempt++) {
                long dropped = 0;
                for (int i = random.nextInt(6); i > 0 && vector.bytes() > 0; i--) {
                    long step = random.nextLong(vector.bytes() + 1);
                    vector.advance(step);
                    dropped += step;
                    assertEquals(bytes - dropped, vector.bytes());
                    assertEquals(
                            bytes - dropped,
                            buffers(vector).stream().mapToLong(Buffer::length).sum());
                }
                vector.rewind();
                assertEquals(before, buffers(vector));
                assertEquals(bytes, vector.bytes());
            }
        }
    }

    private static List<Buffer> buffers(IoVector vector) {
        List<Buffer> buffers = new ArrayList<>();
        for (int i = 0; i < vector.count(); i++) {
            buffers.add(new Buffer(vector.addressOf(i), vector.lengthOf(i)));
        }
        return buffers;
    }
}
