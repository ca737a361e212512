package vmm.iscsi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import vmm.block.FakeDisk;
import vmm.event.SteppedEventLoop;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiTarget;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;

/** An initiator without a network: its PDUs go to a session as they are, and what the session answers is kept. */
final class Peer {
    static final String TARGET = "iqn.2026-01.org.example:target";
    static final int FIRST_CMD_SN = 0xffff_fffe;

    static final int READ = 0x40;
    static final int WRITE = 0x20;

    static final SessionParameters PARAMETERS = new SessionParameters(
            "iqn.2026-01.org.example:initiator", 7, false, Digests.NONE, 1024, 4096, 2048, false, true);

    final FakeDisk medium = new FakeDisk(1 << 20);
    final SteppedEventLoop loop = new SteppedEventLoop();
    final List<Pdu> answers = new ArrayList<>();
    final Session session;
    boolean finished;
    private final IscsiTarget target;
    private int cmdSn = FIRST_CMD_SN;

    Peer() {
        this(PARAMETERS);
    }

    Peer(SessionParameters parameters) {
        ScsiTarget units = new ScsiTarget(PrimaryUnits.SHARED);
        units.attach(0, new ScsiDisk(medium, DiskIdentity.DEFAULT.withSerial("0"), DiskGeometry.DEFAULT, true));
        target = new IscsiTarget(TARGET, units, List.of(loop));
        session = target.open(new LoginPhase.Result(parameters, 1, FIRST_CMD_SN, 100), new Answers())
                .session();
        if (!parameters.discovery()) {
            // Power on.
            send(command(0, 0, "00 00 00 00 00 00"));
            answers.clear();
        }
    }

    /** Sends a PDU as the next command and returns what it is answered at once. */
    List<Pdu> send(Pdu pdu) {
        return sendAs(cmdSn++, pdu);
    }

    /** Sends a PDU with a number of one's own. */
    List<Pdu> sendAs(int number, Pdu pdu) {
        return raw(pdu.set32(24, number));
    }

    /** Sends a PDU as it is. */
    List<Pdu> raw(Pdu pdu) {
        int before = answers.size();
        session.receive(pdu);
        loop.runUntilIdle();
        return List.copyOf(answers.subList(before, answers.size()));
    }

    /** The number of the next command. */
    int nextCmdSn() {
        return cmdSn;
    }

    /** A SCSI command whose tag is its first parameter. */
    static Pdu command(int tag, int flags, int expectedLength, String cdb) {
        Pdu pdu = Pdu.of(Opcode.SCSI_COMMAND)
                .set8(1, Pdu.FINAL | flags)
                .initiatorTaskTag(tag)
                .set32(20, expectedLength);
        byte[] bytes = HexFormat.ofDelimiter(" ").parseHex(cdb);
        for (int i = 0; i < bytes.length; i++) {
            pdu.set8(32 + i, bytes[i]);
        }
        return pdu;
    }

    static Pdu command(int tag, int flags, String cdb) {
        return command(tag, flags, 0, cdb);
    }

    static Pdu dataOut(int tag, int transferTag, int dataSn, int offset, int length, boolean last) {
        return Pdu.of(Opcode.DATA_OUT)
                .set8(1, last ? Pdu.FINAL : 0)
                .initiatorTaskTag(tag)
                .targetTransferTag(transferTag)
                .set32(36, dataSn)
                .set32(40, offset)
                .data(pattern(offset, length));
    }

    static Pdu function(int tag, int function, int referencedTag) {
        return Pdu.of(Opcode.TASK_MANAGEMENT_REQUEST)
                .set8(0, Opcode.TASK_MANAGEMENT_REQUEST | 0x40)
                .set8(1, Pdu.FINAL | function)
                .initiatorTaskTag(tag)
                .set32(20, referencedTag);
    }

    /** Bytes that tell where they belong. */
    static MemorySegment pattern(int offset, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (((offset + i) * 31) >> 3);
        }
        return MemorySegment.ofArray(bytes);
    }

    /** Where the session's answers go. */
    private final class Answers implements Output {
        @Override
        public void send(Pdu pdu) {
            // As on a wire: what the session does to its buffers afterwards changes nothing.
            answers.add(Pdu.received(pdu.header().clone(), pdu.data().toArray(JAVA_BYTE)));
        }

        @Override
        public void finish() {
            finished = true;
        }

        @Override
        public String portal() {
            return "192.0.2.1:3260";
        }
    }
}
