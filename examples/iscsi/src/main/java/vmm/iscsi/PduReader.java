package vmm.iscsi;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Reads PDUs from a connection. One thread only. */
final class PduReader {
    /** The longest data segment that is accepted, as the target's MaxRecvDataSegmentLength says. */
    static final int MAX_DATA = 256 << 10;

    /** The longest data segment before the two sides have agreed on another (RFC 7143 13.12). */
    static final int MAX_LOGIN_DATA = 8192;

    private static final int WORD = 4;
    private static final int TOTAL_AHS_LENGTH = 4;

    private final InputStream input;
    private Digests digests = Digests.NONE;
    private int longestData = MAX_LOGIN_DATA;

    PduReader(InputStream input) {
        this.input = input;
    }

    /** What has been agreed on holds from the next PDU on. */
    void enterFullFeaturePhase(Digests agreed) {
        digests = agreed;
        longestData = MAX_DATA;
    }

    /**
     * Waits for a PDU.
     *
     * @return null if the connection ends where one could begin
     * @throws ProtocolException if it cannot be told where the next PDU begins, or a digest is wrong
     */
    @Nullable
    Pdu read() throws IOException {
        byte[] basic = input.readNBytes(Pdu.BHS);
        if (basic.length == 0) {
            return null;
        }
        if (basic.length < Pdu.BHS) {
            throw new EOFException("The connection ended inside a PDU.");
        }
        int addedLength = (basic[TOTAL_AHS_LENGTH] & 0xff) * WORD;
        byte[] header = Arrays.copyOf(basic, Pdu.BHS + addedLength);
        readFully(header, Pdu.BHS, addedLength);
        if (digests.header()) {
            check(header, header.length, "header");
        }
        int length = (basic[5] & 0xff) << 16 | (basic[6] & 0xff) << 8 | (basic[7] & 0xff);
        if (length > longestData) {
            throw new ProtocolException(
                    "A data segment of " + length + " bytes is longer than the " + longestData + " allowed.");
        }
        byte[] padded = new byte[(length + WORD - 1) & -WORD];
        readFully(padded, 0, padded.length);
        if (digests.data() && length > 0) {
            check(padded, padded.length, "data");
        }
        return Pdu.received(header, padded.length == length ? padded : Arrays.copyOf(padded, length));
    }

    private void check(byte[] bytes, int length, String what) throws IOException {
        byte[] digest = new byte[Digests.SIZE];
        readFully(digest, 0, Digests.SIZE);
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        // RFC 7143 7.7: at error recovery level 0 a wrong digest ends the session
        if (!Arrays.equals(digest, Digests.of(crc))) {
            throw new ProtocolException("The " + what + " digest is wrong.");
        }
    }

    private void readFully(byte[] target, int offset, int length) throws IOException {
        if (input.readNBytes(target, offset, length) < length) {
            throw new EOFException("The connection ended inside a PDU.");
        }
    }
}
