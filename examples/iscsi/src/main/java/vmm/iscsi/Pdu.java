package vmm.iscsi;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A protocol data unit (RFC 7143 11.2): a header, what is added to it, and data. Digests and padding exist only on the
 * wire.
 */
final class Pdu {
    /** The length of a basic header segment. */
    static final int BHS = 48;

    /** The reserved value of both task tags. */
    static final int NO_TAG = 0xffff_ffff;

    /** FINAL, in byte 1 of most PDUs. */
    static final int FINAL = 0x80;

    private static final int IMMEDIATE = 0x40;
    private static final int OPCODE = 0x3f;

    // Where fields are that most PDUs have.
    private static final int LUN = 8;
    private static final int INITIATOR_TASK_TAG = 16;
    private static final int TARGET_TRANSFER_TAG = 20;
    private static final int CMD_SN = 24;
    private static final int STAT_SN = 24;
    private static final int EXP_CMD_SN = 28;
    private static final int MAX_CMD_SN = 32;

    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN)
            .withInvokeExactBehavior();
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN)
            .withInvokeExactBehavior();
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN)
            .withInvokeExactBehavior();

    private static final MemorySegment NO_DATA = MemorySegment.ofArray(new byte[0]);

    private final byte[] header;
    private MemorySegment data = NO_DATA;

    private Pdu(byte[] header) {
        this.header = header;
    }

    /**
     * A PDU that has been received.
     *
     * @param header basic and additional header segments
     */
    static Pdu received(byte[] header, byte[] data) {
        return new Pdu(header).data(MemorySegment.ofArray(data));
    }

    /** A PDU to be sent, FINAL, with no tags. */
    static Pdu of(int opcode) {
        return new Pdu(new byte[BHS])
                .set8(0, opcode)
                .set8(1, FINAL)
                .set32(INITIATOR_TASK_TAG, NO_TAG)
                .set32(TARGET_TRANSFER_TAG, NO_TAG);
    }

    /** An answer to {@code request}: FINAL, with its initiator task tag. */
    static Pdu answer(int opcode, Pdu request) {
        return of(opcode).initiatorTaskTag(request.initiatorTaskTag());
    }

    int opcode() {
        return header[0] & OPCODE;
    }

    boolean isImmediate() {
        return (header[0] & IMMEDIATE) != 0;
    }

    boolean isFinal() {
        return has(1, FINAL);
    }

    int initiatorTaskTag() {
        return get32(INITIATOR_TASK_TAG);
    }

    Pdu initiatorTaskTag(int tag) {
        return set32(INITIATOR_TASK_TAG, tag);
    }

    int targetTransferTag() {
        return get32(TARGET_TRANSFER_TAG);
    }

    Pdu targetTransferTag(int tag) {
        return set32(TARGET_TRANSFER_TAG, tag);
    }

    /** The LUN field as SAM-5 has it. */
    long lun() {
        return (long) LONG.get(header, LUN);
    }

    Pdu lun(long address) {
        LONG.set(header, LUN, address);
        return this;
    }

    int cmdSn() {
        return get32(CMD_SN);
    }

    Pdu statSn(int number) {
        return set32(STAT_SN, number);
    }

    /** The commands that may come (RFC 7143 4.2.2.1), in every PDU of a target's. */
    Pdu window(int expCmdSn, int maxCmdSn) {
        return set32(EXP_CMD_SN, expCmdSn).set32(MAX_CMD_SN, maxCmdSn);
    }

    MemorySegment data() {
        return data;
    }

    Pdu data(MemorySegment newData) {
        data = newData;
        int length = (int) newData.byteSize();
        header[5] = (byte) (length >>> 16);
        SHORT.set(header, 6, (short) length);
        return this;
    }

    int dataLength() {
        return (int) data.byteSize();
    }

    /** The header with what is added to it; its own array. */
    byte[] header() {
        return header;
    }

    /** The basic header segment. */
    byte[] basicHeader() {
        return Arrays.copyOf(header, BHS);
    }

    int get8(int offset) {
        return header[offset] & 0xff;
    }

    int get16(int offset) {
        return (short) SHORT.get(header, offset) & 0xffff;
    }

    int get32(int offset) {
        return (int) INT.get(header, offset);
    }

    boolean has(int offset, int bits) {
        return (header[offset] & bits) != 0;
    }

    Pdu set8(int offset, int value) {
        header[offset] = (byte) value;
        return this;
    }

    Pdu set16(int offset, int value) {
        SHORT.set(header, offset, (short) value);
        return this;
    }

    Pdu set32(int offset, int value) {
        INT.set(header, offset, value);
        return this;
    }
}
