package vmm.iscsi;

import java.util.zip.CRC32C;

/**
 * What guards the PDUs of a connection (RFC 7143 13.1).
 *
 * @param header true if a CRC32C follows each header
 * @param data true if a CRC32C follows each data segment
 */
record Digests(boolean header, boolean data) {
    /** Nothing does, as on every connection at first. */
    static final Digests NONE = new Digests(false, false);

    static final int SIZE = 4;

    /** The digest of some bytes as it is on the wire: the least significant byte first. */
    static byte[] of(CRC32C crc) {
        int value = (int) crc.getValue();
        return new byte[] {(byte) value, (byte) (value >>> 8), (byte) (value >>> 16), (byte) (value >>> 24)};
    }
}
