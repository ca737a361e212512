package vmm.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ZstdTest {
    private static final byte RLE = 2;

    @BeforeEach
    void library() {
        assumeTrue(Zstd.isAvailable(), "libzstd is missing: install libzstd1");
    }

    /** RFC 8878 3.1.1: a frame with a window of 1 MiB and one block of {@code count} times {@code value}. */
    private static byte[] frame(int value, int count) {
        return frame(0x50, value, count);
    }

    private static byte[] frame(int windowDescriptor, int value, int count) {
        int header = count << 3 | RLE | 1;
        return bytes(0x28, 0xb5, 0x2f, 0xfd, 0, windowDescriptor, header, header >> 8, header >> 16, value);
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static boolean unpacks(byte[] source, byte[] target) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocateFrom(ValueLayout.JAVA_BYTE, source);
            MemorySegment to = arena.allocate(target.length);
            boolean done = Zstd.unpack(from, to);
            MemorySegment.copy(to, ValueLayout.JAVA_BYTE, 0, target, 0, target.length);
            return done;
        }
    }

    @Test
    void framesAreUnpackedUntilTheTargetIsFull() {
        byte[] target = new byte[5];
        byte[] skippable = bytes(0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7);
        assertTrue(unpacks(joined(frame(1, 2), skippable, frame(2, 3), bytes(9, 9, 9)), target));
        assertArrayEquals(bytes(1, 1, 2, 2, 2), target);
    }

    @Test
    void tooLittleTooMuchAndDamageAreRefused() {
        byte[] sound = frame(1, 4);
        assertTrue(unpacks(sound, new byte[4]));
        assertFalse(unpacks(sound, new byte[5]));
        assertFalse(unpacks(sound, new byte[3]));
        assertFalse(unpacks(bytes(), new byte[1]));
        for (int i = 0; i < sound.length; i++) {
            assertFalse(unpacks(Arrays.copyOf(sound, i), new byte[4]));
        }
        byte[] otherMagic = sound.clone();
        otherMagic[0]++;
        assertFalse(unpacks(otherMagic, new byte[4]));
    }

    @Test
    void aFrameThatAsksForAWindowOfGigabytesIsGivenNone() {
        // Exponent 21: 2 GiB. More than that the library refuses.
        assertTrue(unpacks(frame(21 << 3, 1, 4), new byte[4]));
        assertFalse(unpacks(frame(31 << 3, 1, 4), new byte[4]));
    }
}
