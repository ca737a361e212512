package vmm.scsi.block.protection;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * The CRC of the logical block guard (SBC-4 4.21.4): x^16 + x^15 + x^11 + x^9 + x^8 + x^7 + x^5 + x^4 + x^2 + x + 1.
 */
final class GuardCode {
    private static final int POLYNOMIAL = 0x8bb7;
    private static final char[] TABLE = new char[256];

    static {
        for (int i = 0; i < TABLE.length; i++) {
            int crc = i << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) != 0 ? crc << 1 ^ POLYNOMIAL : crc << 1;
            }
            TABLE[i] = (char) crc;
        }
    }

    private GuardCode() {}

    /** The guard of {@code length} bytes from {@code offset} on. */
    static int of(MemorySegment data, long offset, int length) {
        int crc = 0;
        for (long at = offset; at < offset + length; at++) {
            crc = (crc << 8 & 0xffff) ^ TABLE[(crc >>> 8 ^ data.get(JAVA_BYTE, at)) & 0xff];
        }
        return crc;
    }
}
