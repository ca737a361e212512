package vmm.iscsi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/** Writes PDUs to a connection. One thread only. */
final class PduWriter {
    private static final int WORD = 4;

    private final OutputStream output;
    private final byte[] chunk = new byte[64 << 10];
    private Digests digests = Digests.NONE;

    PduWriter(OutputStream output) {
        this.output = output;
    }

    /** What has been agreed on holds from the next PDU on. */
    void enterFullFeaturePhase(Digests agreed) {
        digests = agreed;
    }

    /** Writes a PDU, which perhaps only {@link #flush} sends. */
    void write(Pdu pdu) throws IOException {
        output.write(pdu.header());
        if (digests.header()) {
            CRC32C crc = new CRC32C();
            crc.update(pdu.header());
            output.write(Digests.of(crc));
        }
        if (pdu.dataLength() > 0) {
            writeData(pdu.data());
        }
    }

    private void writeData(MemorySegment data) throws IOException {
        CRC32C crc = new CRC32C();
        long length = data.byteSize();
        for (long at = 0; at < length; at += chunk.length) {
            int part = (int) Math.min(chunk.length, length - at);
            MemorySegment.copy(data, JAVA_BYTE, at, chunk, 0, part);
            writeChecked(chunk, part, crc);
        }
        writeChecked(new byte[WORD], (int) (-length & (WORD - 1)), crc);
        if (digests.data()) {
            output.write(Digests.of(crc));
        }
    }

    private void writeChecked(byte[] bytes, int length, CRC32C crc) throws IOException {
        if (digests.data()) {
            crc.update(bytes, 0, length);
        }
        output.write(bytes, 0, length);
    }

    void flush() throws IOException {
        output.flush();
    }
}
