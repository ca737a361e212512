package vmm.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class IoVectorTest {
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
}
