package vmm.scsi;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A TransportID (SPC-5, TransportID identifiers): the name of an initiator port, in the form of its transport protocol.
 * A value; two of the same bytes are the same port.
 */
public final class TransportId {
    /** The shortest there is, and the length of most. */
    public static final int SHORTEST = 24;

    /** The longest: an iSCSI name of 223 bytes, a separator, an ISID, a terminator, and padding. */
    public static final int LONGEST = 252;

    private static final int ISCSI = 0x5;
    private static final int SAS = 0x6;

    /** FORMAT CODE 01b: the port's name, not only its device's. */
    private static final int PORT_NAME = 0b01 << 6;

    private static final String SEPARATOR = ",i,0x";
    private static final int ISID_DIGITS = 12;

    /** SPC-5, NAA Locally Assigned: of the rest of the 64 bits nobody else has a say. */
    private static final long NAA_LOCALLY_ASSIGNED = 3L << 60;

    private static final AtomicLong UNNAMED = new AtomicLong(1);

    private final byte[] bytes;

    private TransportId(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * The port of a SAS initiator.
     *
     * @param address its SAS address, an NAA identifier
     */
    public static TransportId sas(long address) {
        byte[] bytes = new byte[SHORTEST];
        bytes[0] = SAS;
        BigEndian.put64(bytes, 4, address);
        return new TransportId(bytes);
    }

    /**
     * The port of an iSCSI initiator.
     *
     * @param name the iSCSI name of the initiator
     * @param isid the session identifier that it chose, of 48 bits
     * @throws IllegalArgumentException if the name is longer than 223 bytes
     */
    public static TransportId iscsi(String name, long isid) {
        return iscsi(PORT_NAME | ISCSI, name + SEPARATOR + HexFormat.of().toHexDigits(isid, ISID_DIGITS));
    }

    private static TransportId iscsi(int first, String text) {
        byte[] ascii = text.getBytes(StandardCharsets.UTF_8);
        // SPC-5: terminated by a null, padded to a multiple of 4, of at least 20 bytes
        int length = Math.max(20, ascii.length + 1 + 3 & ~3);
        if (4 + length > LONGEST) {
            throw new IllegalArgumentException("An iSCSI name has at most 223 bytes.");
        }
        byte[] bytes = new byte[4 + length];
        bytes[0] = (byte) first;
        bytes[3] = (byte) length;
        System.arraycopy(ascii, 0, bytes, 4, ascii.length);
        return new TransportId(bytes);
    }

    /** The port of an initiator that has no name: another one each time, known in this process and while it runs. */
    public static TransportId unnamed() {
        return sas(NAA_LOCALLY_ASSIGNED | UNNAMED.getAndIncrement());
    }

    /**
     * The port of an initiator of this program, which has that name whenever it runs.
     *
     * @param name that no other initiator has which shares a logical unit with this one
     */
    public static TransportId named(String name) {
        return sas(NAA_LOCALLY_ASSIGNED | NameHash.of(name) >>> 4);
    }

    /**
     * Reads one from a parameter list.
     *
     * @param from begins at {@code offset}
     * @return null if there is none that is whole and well formed
     */
    public static @Nullable TransportId parse(byte[] from, int offset, int end) {
        if (end - offset < SHORTEST) {
            return null;
        }
        int first = from[offset] & 0xff;
        if ((first & 0xf) != ISCSI) {
            return first >>> 6 == 0 ? new TransportId(Arrays.copyOfRange(from, offset, offset + SHORTEST)) : null;
        }
        int length = BigEndian.get16(from, offset + 2);
        if (length < 20 || length % 4 != 0 || 4 + length > LONGEST || length > end - offset - 4) {
            return null;
        }
        int start = offset + 4;
        int terminator = start;
        while (terminator < start + length && from[terminator] != 0) {
            terminator++;
        }
        if (terminator == start + length || first >>> 6 > 1) {
            return null;
        }
        return iscsi(first, new String(from, start, terminator - start, StandardCharsets.UTF_8));
    }

    /** How much of a parameter list one takes that {@link #parse} has read at {@code offset}. */
    public static int lengthAt(byte[] from, int offset) {
        return (from[offset] & 0xf) == ISCSI ? 4 + BigEndian.get16(from, offset + 2) : SHORTEST;
    }

    /** True if it names a whole initiator device and with it any of its ports (iSCSI, FORMAT CODE 00b). */
    public boolean isDevice() {
        return (bytes[0] & 0xff) == ISCSI;
    }

    /** True if this is a port of the initiator device {@code device}. */
    public boolean isPortOf(TransportId device) {
        return device.isDevice()
                && (bytes[0] & 0xff) == (PORT_NAME | ISCSI)
                && text().startsWith(device.text() + SEPARATOR);
    }

    private String text() {
        int end = 4;
        while (bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 4, end - 4, StandardCharsets.UTF_8);
    }

    /** How long it is: a multiple of 4 from {@value #SHORTEST} to {@value #LONGEST}. */
    public int length() {
        return bytes.length;
    }

    /** Its bytes. */
    public byte[] bytes() {
        return bytes.clone();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TransportId that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /** Hexadecimal digits. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(bytes);
    }
}
