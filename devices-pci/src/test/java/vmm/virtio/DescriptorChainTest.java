package vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import vmm.linux.IoVector;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockSplitQueue;

class DescriptorChainTest {
    private static final int SIZE = 64;
    private static final int READABLE = 40;
    private static final int WRITABLE = 48;

    private final GuestMemory memory = GuestMemory.detached(1 << 20);
    private final DescriptorChain chain = new DescriptorChain(memory, SIZE);
    private final long[] readableAt = new long[READABLE];
    private final long[] writableAt = new long[WRITABLE];

    /** Pops a chain with the bytes 0, 1, 2... to read and as many to write, cut into buffers by {@code random}. */
    private void scatter(Random random) {
        MockDriver driver = new MockDriver(memory, new IdleDevice(SIZE));
        MockSplitQueue guest = driver.addSplitQueue(0, SIZE);
        SplitVirtqueue queue = new SplitVirtqueue(memory, guest.setup(), 0);
        place(random, readableAt, driver);
        place(random, writableAt, driver);
        for (int at = 0; at < READABLE; ) {
            int end = runEnd(readableAt, at);
            guest.readable(readableAt[at], end - at);
            at = end;
        }
        for (int at = 0; at < WRITABLE; ) {
            int end = runEnd(writableAt, at);
            guest.writable(writableAt[at], end - at);
            at = end;
        }
        for (int i = 0; i < READABLE; i++) {
            memory.putByte(readableAt[i], i + 0x80);
        }
        for (long address : writableAt) {
            memory.putByte(address, 0);
        }
        guest.offer();
        guest.kick();
        assertTrue(queue.pop(chain));
        driver.close();
    }

    private static void place(Random random, long[] at, MockDriver driver) {
        long next = 0;
        for (int i = 0; i < at.length; i++) {
            if (i == 0 || random.nextInt(4) == 0) {
                next = driver.allocate(at.length + 1, 1) + 1;
            }
            at[i] = next++;
        }
    }

    private static int runEnd(long[] at, int start) {
        int end = start + 1;
        while (end < at.length && at[end] == at[end - 1] + 1) {
            end++;
        }
        return end;
    }

    private long expected(int offset, int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (long) (offset + i + 0x80) << (8 * i);
        }
        return value;
    }

    @Test
    void numbersAreReadLittleEndianWhereverBuffersAreCut() {
        for (int seed = 0; seed < 100; seed++) {
            scatter(new Random(seed));
            for (int at = 0; at < READABLE; at++) {
                assertEquals(expected(at, 1), chain.getByte(at));
                if (at <= READABLE - 2) {
                    assertEquals(expected(at, 2), chain.getShort(at));
                }
                if (at <= READABLE - 4) {
                    assertEquals((int) expected(at, 4), chain.getInt(at));
                }
                if (at <= READABLE - 8) {
                    assertEquals(expected(at, 8), chain.getLong(at));
                }
            }
        }
    }

    @Test
    void bytesAreReadWhereverBuffersAreCut() {
        for (int seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            scatter(random);
            int offset = random.nextInt(READABLE);
            int length = random.nextInt(READABLE - offset + 1);
            byte[] actual = new byte[length + 2];
            byte[] expected = new byte[length + 2];
            for (int i = 0; i < length; i++) {
                expected[i + 1] = (byte) (offset + i + 0x80);
            }
            chain.read(offset, actual, 1, length);
            assertArrayEquals(expected, actual);
        }
    }

    private void assertWritten(int offset, byte[] expected) {
        for (int i = 0; i < WRITABLE; i++) {
            int value = i >= offset && i < offset + expected.length ? expected[i - offset] & 0xff : 0;
            assertEquals(value, memory.getByte(writableAt[i]), "byte " + i);
        }
    }

    @Test
    void numbersAndBytesAreWrittenWhereverBuffersAreCutAndNowhereElse() {
        byte[] pattern = {1, -2, 3, -4, 5, -6, 7, -8};
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            scatter(random);
            int offset = random.nextInt(WRITABLE - 8);
            switch (random.nextInt(4)) {
                case 0 -> chain.write(offset, pattern, 0, 8);
                case 1 -> chain.putLong(offset, 0xf807_fa05_fc03_fe01L);
                case 2 -> {
                    chain.putInt(offset, 0xfc03_fe01);
                    chain.putInt(offset + 4, 0xf807_fa05);
                }
                default -> {
                    chain.putShort(offset, 0xfe01);
                    chain.putShort(offset + 2, 0xfc03);
                    chain.putByte(offset + 4, 0x05);
                    chain.putByte(offset + 5, 0xfa);
                    chain.putShort(offset + 6, 0xf807);
                }
            }
            assertWritten(offset, pattern);
        }
    }

    @Test
    void aVectorHoldsExactlyTheRangeAskedFor() {
        for (int seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            scatter(random);
            int offset = random.nextInt(WRITABLE);
            int length = random.nextInt(WRITABLE - offset + 1);
            assertVector(writableAt, offset, length, true);
            offset = random.nextInt(READABLE);
            length = random.nextInt(READABLE - offset + 1);
            assertVector(readableAt, offset, length, false);
        }
    }

    private void assertVector(long[] at, int offset, int length, boolean writable) {
        IoVector vector = new IoVector(SIZE);
        if (writable) {
            chain.addWritable(vector, offset, length);
        } else {
            chain.addReadable(vector, offset, length);
        }
        assertEquals(length, vector.bytes());
        int next = offset;
        for (int i = 0; i < vector.count(); i++) {
            for (int b = 0; b < vector.lengthOf(i); b++) {
                assertEquals(memory.hostAddress(at[next], 1), vector.addressOf(i) + b);
                next++;
            }
        }
        assertEquals(offset + length, next);
    }

    @Test
    void everyAccessBeyondItsPartIsTheGuestsFault() {
        scatter(new Random(1));
        byte[] bytes = new byte[100];
        assertThrows(GuestFaultException.class, () -> chain.getByte(READABLE));
        assertThrows(GuestFaultException.class, () -> chain.getShort(READABLE - 1));
        assertThrows(GuestFaultException.class, () -> chain.getInt(READABLE - 3));
        assertThrows(GuestFaultException.class, () -> chain.getLong(READABLE - 7));
        assertThrows(GuestFaultException.class, () -> chain.getLong(Long.MAX_VALUE));
        assertThrows(GuestFaultException.class, () -> chain.getByte(-1));
        assertThrows(GuestFaultException.class, () -> chain.read(1, bytes, 0, READABLE));
        assertThrows(GuestFaultException.class, () -> chain.write(1, bytes, 0, WRITABLE));
        assertThrows(GuestFaultException.class, () -> chain.putByte(WRITABLE, 1));
        assertThrows(GuestFaultException.class, () -> chain.writableAddress(WRITABLE));
        IoVector vector = new IoVector(SIZE);
        assertThrows(GuestFaultException.class, () -> chain.addReadable(vector, 1, READABLE));
        assertThrows(GuestFaultException.class, () -> chain.addWritable(vector, 1, WRITABLE));
        assertThrows(GuestFaultException.class, () -> chain.addWritable(vector, 0, Long.MAX_VALUE));
        assertEquals(0, vector.count());
    }

    @Test
    void theAddressOfAWritableByteIsWhereTheDriverPutIt() {
        scatter(new Random(7));
        for (int i = 0; i < WRITABLE; i++) {
            assertEquals(writableAt[i], chain.writableAddress(i));
        }
    }
}
