package vmm.iscsi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import vmm.scsi.Cdb;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.TaskAttribute;
import vmm.scsi.TaskEnding;

/**
 * A SCSI command from its PDU to its answer (RFC 7143 11.3 to 11.8). Loop thread only.
 *
 * <p>It is executed when all of its data-out is here. What the logical unit would send beyond the expected length goes
 * to a bucket, so that it can be counted (SAM-5, residual overflow).
 */
final class IscsiCommand extends ScsiTask {
    private static final int READ = 0x40;
    private static final int WRITE = 0x20;
    private static final int ATTRIBUTE = 0x07;

    // Fields of a SCSI Command PDU.
    private static final int EXPECTED_LENGTH = 20;
    private static final int CDB = 32;
    private static final int CDB_LENGTH = 16;
    private static final int EXTENDED_CDB = 1;
    private static final int AHS_HEADER = 4;

    // Fields of Data-Out, Data-In and R2T PDUs.
    private static final int DATA_SN = 36;
    private static final int BUFFER_OFFSET = 40;
    private static final int DESIRED_LENGTH = 44;

    // Fields and flags of answers.
    private static final int STATUS = 3;
    private static final int EXP_DATA_SN = 36;
    private static final int RESIDUAL = 44;
    private static final int OVERFLOW = 0x04;
    private static final int UNDERFLOW = 0x02;
    private static final int HAS_STATUS = 0x01;

    /** The most data of one command, in bytes. */
    private static final long LONGEST = 64 << 20;

    private static final int BUCKETS = 32;
    private static final MemorySegment BUCKET = Arena.global().allocate(1 << 20);

    /** ILLEGAL REQUEST, INVALID FIELD IN COMMAND INFORMATION UNIT, fixed format (SPC-5). */
    private static final byte[] WRONG_LENGTH = {0x70, 0, 0x05, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x0e, 0x03, 0, 0, 0, 0};

    /** ABORTED COMMAND, as RFC 7143 11.4.7.2 has it for an incorrect amount of data. */
    private static final byte[] WRONG_AMOUNT = {0x70, 0, 0x0b, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x0c, 0x0d, 0, 0, 0, 0};

    private static final byte[] NO_SENSE = {};

    private final Session session;
    private final Pdu request;
    private final int lun;
    private final long expectedLength;
    private MemorySegment buffer = MemorySegment.NULL;
    private boolean hasRoom = true;

    // The data-out so far, and the burst that is coming.
    private long gathered;
    private long burstEnd;
    private int burstTag;
    private int nextDataSn;
    private boolean inBurst;

    /** How many R2T and Data-In PDUs have been sent. */
    private int sent;

    private IscsiCommand(Session session, Pdu request) {
        super(1 + BUCKETS);
        this.session = session;
        this.request = request;
        this.lun = Session.lun(request);
        this.expectedLength = request.get32(EXPECTED_LENGTH) & 0xffff_ffffL;
    }

    /**
     * Reads a command.
     *
     * @throws ProtocolException if that is not possible
     */
    static IscsiCommand of(Session session, Pdu pdu) throws ProtocolException {
        IscsiCommand command = new IscsiCommand(session, pdu);
        if (pdu.has(1, READ) && pdu.has(1, WRITE)) {
            throw new ProtocolException("A bidirectional command.");
        }
        if (!pdu.has(1, READ | WRITE) && command.expectedLength != 0) {
            throw new ProtocolException("A command with a length and no direction.");
        }
        command.identify(pdu.initiatorTaskTag() & 0xffff_ffffL, attribute(pdu.get8(1) & ATTRIBUTE));
        command.readCdb();
        return command;
    }

    private static TaskAttribute attribute(int value) {
        return switch (value) {
            case 2 -> TaskAttribute.ORDERED;
            case 3 -> TaskAttribute.HEAD_OF_QUEUE;
            case 4 -> TaskAttribute.ACA;
            default -> TaskAttribute.SIMPLE;
        };
    }

    private void readCdb() throws ProtocolException {
        byte[] header = request.header();
        System.arraycopy(header, CDB, cdb().bytes(), 0, CDB_LENGTH);
        int length = CDB_LENGTH;
        for (int at = Pdu.BHS; at + AHS_HEADER <= header.length; ) {
            int size = request.get16(at);
            if (request.get8(at + 2) == EXTENDED_CDB) {
                // RFC 7143 11.2.2.3: the first byte of its length is reserved
                int more = size - 1;
                if (more < 0 || length + more > Cdb.MAX_LENGTH || at + AHS_HEADER + more > header.length) {
                    throw new ProtocolException("An extended CDB of an impossible length.");
                }
                System.arraycopy(header, at + AHS_HEADER, cdb().bytes(), length, more);
                length += more;
            }
            at += (AHS_HEADER - 1 + size + 3) & -4;
        }
        cdb().setLength(length);
    }

    int initiatorTaskTag() {
        return request.initiatorTaskTag();
    }

    /** The logical unit, or {@link vmm.scsi.LunAddress#INVALID}. */
    int lun() {
        return lun;
    }

    /** Expected Data Transfer Length: how much the initiator has or has room for, in bytes. */
    long expectedLength() {
        return expectedLength;
    }

    private boolean writes() {
        return request.has(1, WRITE);
    }

    /** True if no command may be as long. */
    boolean isTooLong() {
        return expectedLength > LONGEST;
    }

    /** Begins to gather the data that the initiator has for it. */
    void gather() throws ProtocolException {
        buffer = Arena.ofAuto().allocate(Math.max(1, expectedLength), Long.BYTES);
        if (writes()) {
            takeImmediate();
        } else if (request.dataLength() > 0 || !request.isFinal()) {
            throw new ProtocolException("Data for a command that takes none.");
        }
        setBuffers();
    }

    private void takeImmediate() throws ProtocolException {
        SessionParameters agreed = session.parameters();
        int length = request.dataLength();
        long unsolicited = Math.min(agreed.firstBurstLength(), expectedLength);
        if ((length > 0 && !agreed.immediateData()) || length > unsolicited) {
            throw new ProtocolException("More immediate data than agreed on.");
        }
        take(request.data());
        if (request.isFinal()) {
            solicit();
        } else if (agreed.initialR2t()) {
            throw new ProtocolException("Unsolicited data that were not agreed on.");
        } else {
            beginBurst(Pdu.NO_TAG, unsolicited);
        }
    }

    private void take(MemorySegment data) {
        MemorySegment.copy(data, 0, buffer, gathered, data.byteSize());
        gathered += data.byteSize();
    }

    private void beginBurst(int tag, long end) {
        inBurst = true;
        burstTag = tag;
        burstEnd = end;
        nextDataSn = 0;
    }

    /** Asks for the rest, a burst at a time (RFC 7143 11.8). */
    private void solicit() {
        inBurst = false;
        if (gathered == expectedLength) {
            return;
        }
        long length = Math.min(expectedLength - gathered, session.parameters().maxBurstLength());
        int tag = session.nextTransferTag();
        beginBurst(tag, gathered + length);
        session.sendUnnumbered(Pdu.answer(Opcode.R2T, request)
                .lun(request.lun())
                .targetTransferTag(tag)
                .set32(DATA_SN, sent++)
                .set32(BUFFER_OFFSET, (int) gathered)
                .set32(DESIRED_LENGTH, (int) length));
    }

    /**
     * Takes data. If they are not those that have to come next, some are lost, which ends the command (RFC 7143 7.9).
     */
    void dataOut(Pdu pdu) {
        long end = gathered + pdu.dataLength();
        if (!inBurst
                || pdu.targetTransferTag() != burstTag
                || pdu.get32(DATA_SN) != nextDataSn
                || (pdu.get32(BUFFER_OFFSET) & 0xffff_ffffL) != gathered
                || end > burstEnd) {
            refuse(ScsiStatus.CHECK_CONDITION, WRONG_AMOUNT);
            return;
        }
        // RFC 7143 11.7.1: a solicited burst ends where it was asked to, an unsolicited one there or before
        boolean mayEnd = end == burstEnd || burstTag == Pdu.NO_TAG;
        if (pdu.isFinal() ? !mayEnd : end == burstEnd) {
            refuse(ScsiStatus.CHECK_CONDITION, WRONG_AMOUNT);
            return;
        }
        nextDataSn++;
        take(pdu.data());
        if (pdu.isFinal()) {
            solicit();
        }
    }

    /** True if it can be executed. */
    boolean hasItsData() {
        return !inBurst;
    }

    private void setBuffers() {
        dataOut().clear();
        dataIn().clear();
        if (writes()) {
            dataOut().add(buffer.address(), expectedLength);
        } else {
            dataIn().add(buffer.address(), expectedLength);
        }
        for (int i = 0; i < BUCKETS; i++) {
            dataIn().add(BUCKET.address(), BUCKET.byteSize());
        }
    }

    /** Answers it without executing it, since there is no room for its data, now or ever. */
    void refuse() {
        hasRoom = false;
        if (isTooLong()) {
            refuse(ScsiStatus.CHECK_CONDITION, WRONG_LENGTH);
        } else {
            refuse(ScsiStatus.TASK_SET_FULL, NO_SENSE);
        }
    }

    private void refuse(ScsiStatus status, byte[] sense) {
        session.withdraw(this);
        respond(status.code(), sense, sense.length, UNDERFLOW, expectedLength);
    }

    /** True if it has room for its data. */
    boolean hasRoom() {
        return hasRoom;
    }

    @Override
    public boolean acceptsLessData() {
        return true;
    }

    @Override
    protected void completed() {
        // First, so that the answer lets another command come.
        session.ended(this);
        if (ending() == TaskEnding.ANSWERED) {
            answer();
        }
    }

    private void answer() {
        long moved = writes() ? transferredOut() : transferredIn();
        if (overrun()) {
            long lacking = Math.max(0, moved - expectedLength);
            respond(ScsiStatus.CHECK_CONDITION.code(), WRONG_LENGTH, WRONG_LENGTH.length, OVERFLOW, lacking);
            return;
        }
        int flag = moved > expectedLength ? OVERFLOW : moved < expectedLength ? UNDERFLOW : 0;
        long residual = Math.abs(expectedLength - moved);
        boolean good = status() == ScsiStatus.GOOD;
        long data = writes() ? 0 : Math.min(moved, expectedLength);
        sendData(data, good, flag, residual);
        if (data == 0 || !good) {
            respond(status().code(), sense().bytes(), good ? 0 : sense().length(), flag, residual);
        }
    }

    /** Sends data-in, and the status with the last of them if it is GOOD (RFC 7143 11.7). */
    private void sendData(long length, boolean withStatus, int residualFlag, long residual) {
        SessionParameters agreed = session.parameters();
        long burst = 0;
        for (long at = 0; at < length; ) {
            long part = Math.min(length - at, agreed.maxSendDataSegmentLength());
            part = Math.min(part, agreed.maxBurstLength() - burst);
            burst += part;
            boolean last = at + part == length;
            boolean sequenceEnds = last || burst == agreed.maxBurstLength();
            Pdu pdu = Pdu.answer(Opcode.DATA_IN, request)
                    .set8(1, sequenceEnds ? Pdu.FINAL : 0)
                    .set32(DATA_SN, sent++)
                    .set32(BUFFER_OFFSET, (int) at)
                    .data(buffer.asSlice(at, part));
            if (last && withStatus) {
                pdu.set8(1, Pdu.FINAL | HAS_STATUS | residualFlag).set32(RESIDUAL, (int) residual);
                session.sendStatus(pdu);
            } else {
                session.send(pdu);
            }
            at += part;
            burst = sequenceEnds ? 0 : burst;
        }
    }

    private void respond(int status, byte[] sense, int senseLength, int residualFlag, long residual) {
        Pdu response = Pdu.answer(Opcode.SCSI_RESPONSE, request)
                .set8(1, Pdu.FINAL | residualFlag)
                .set8(STATUS, status)
                .targetTransferTag(0)
                .set32(EXP_DATA_SN, sent)
                .set32(RESIDUAL, (int) residual);
        if (senseLength > 0) {
            // RFC 7143 11.4.7: its length comes before it
            byte[] data = new byte[Short.BYTES + senseLength];
            data[0] = (byte) (senseLength >>> 8);
            data[1] = (byte) senseLength;
            System.arraycopy(sense, 0, data, Short.BYTES, senseLength);
            response.data(MemorySegment.ofArray(data));
        }
        session.sendStatus(response);
    }
}
