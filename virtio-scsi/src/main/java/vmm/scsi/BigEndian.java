package vmm.scsi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Numbers in byte arrays as SCSI writes them: the most significant byte first. */
public final class BigEndian {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN)
            .withInvokeExactBehavior();
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN)
            .withInvokeExactBehavior();
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN)
            .withInvokeExactBehavior();

    private BigEndian() {}

    /** The 16 bits at {@code offset}, unsigned. */
    public static int get16(byte[] bytes, int offset) {
        return (short) SHORT.get(bytes, offset) & 0xffff;
    }

    /** The 24 bits at {@code offset}, unsigned. */
    public static int get24(byte[] bytes, int offset) {
        return (bytes[offset] & 0xff) << 16 | get16(bytes, offset + 1);
    }

    /** The 32 bits at {@code offset}, unsigned. */
    public static long get32(byte[] bytes, int offset) {
        return (int) INT.get(bytes, offset) & 0xffff_ffffL;
    }

    /** The 64 bits at {@code offset}. */
    public static long get64(byte[] bytes, int offset) {
        return (long) LONG.get(bytes, offset);
    }

    /** Sets 16 bits to the low ones of {@code value}. */
    public static void put16(byte[] bytes, int offset, int value) {
        SHORT.set(bytes, offset, (short) value);
    }

    /** Sets 24 bits to the low ones of {@code value}. */
    public static void put24(byte[] bytes, int offset, int value) {
        bytes[offset] = (byte) (value >>> 16);
        put16(bytes, offset + 1, value);
    }

    /** Sets 32 bits to the low ones of {@code value}. */
    public static void put32(byte[] bytes, int offset, long value) {
        INT.set(bytes, offset, (int) value);
    }

    /** Sets 64 bits. */
    public static void put64(byte[] bytes, int offset, long value) {
        LONG.set(bytes, offset, value);
    }
}
