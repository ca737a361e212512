package vmm.iscsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PduTest {
    private static final Digests BOTH = new Digests(true, true);

    private static byte[] written(Pdu pdu, Digests digests) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PduWriter writer = new PduWriter(bytes);
        writer.enterFullFeaturePhase(digests);
        writer.write(pdu);
        return bytes.toByteArray();
    }

    private static PduReader reader(byte[] bytes, Digests digests) {
        PduReader reader = new PduReader(new ByteArrayInputStream(bytes));
        reader.enterFullFeaturePhase(digests);
        return reader;
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        for (int length : new int[] {0, 1, 2, 3, 4, 70_000}) {
            Pdu pdu = Pdu.of(Opcode.NOP_OUT).data(Peer.pattern(0, length));
            PduReader reader = reader(written(pdu, BOTH), BOTH);

            Pdu read = reader.read();

            assertNotNull(read);
            assertArrayEquals(pdu.header(), read.header());
            assertEquals(-1, read.data().mismatch(pdu.data()));
            assertNull(reader.read());
        }
    }

    /** RFC 3720 appendix B.4: the CRC32C of 32 bytes of zeros is aa 36 91 8a on the wire. */
    @Test
    void digestsAreThoseOfTheStandard() throws IOException {
        byte[] bytes = written(Pdu.of(Opcode.NOP_OUT).data(MemorySegment.ofArray(new byte[32])), BOTH);

        assertArrayEquals(
                new byte[] {(byte) 0xaa, 0x36, (byte) 0x91, (byte) 0x8a},
                Arrays.copyOfRange(bytes, bytes.length - 4, bytes.length));
    }

    @Test
    void aBitThatFlipsIsFound() throws IOException {
        byte[] whole = written(Pdu.of(Opcode.NOP_OUT).data(Peer.pattern(0, 100)), BOTH);
        for (int at : new int[] {1, Pdu.BHS, Pdu.BHS + 4, whole.length - 1}) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 4;

            assertThrows(ProtocolException.class, () -> reader(damaged, BOTH).read());
        }
    }

    @Test
    void dataLongerThanAllowedAreNotRead() throws IOException {
        byte[] header = written(Pdu.of(Opcode.NOP_OUT), Digests.NONE);
        header[5] = 0x7f;

        assertThrows(ProtocolException.class, () -> reader(header, Digests.NONE).read());
    }

    @Test
    void aConnectionThatEndsInsideAPduIsNoEnd() throws IOException {
        byte[] whole = written(Pdu.of(Opcode.NOP_OUT).data(Peer.pattern(0, 100)), Digests.NONE);
        for (int length : new int[] {1, Pdu.BHS - 1, Pdu.BHS, whole.length - 1}) {
            byte[] part = Arrays.copyOf(whole, length);

            assertThrows(EOFException.class, () -> reader(part, Digests.NONE).read());
        }
    }
}
