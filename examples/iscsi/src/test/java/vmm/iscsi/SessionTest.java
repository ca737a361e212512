package vmm.iscsi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static vmm.iscsi.Peer.READ;
import static vmm.iscsi.Peer.WRITE;
import static vmm.iscsi.Peer.command;
import static vmm.iscsi.Peer.dataOut;
import static vmm.iscsi.Peer.function;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class SessionTest {
    private static final int OVERFLOW = 0x04;
    private static final int UNDERFLOW = 0x02;
    private static final int HAS_STATUS = 0x01;
    private static final int RESIDUAL = 44;
    private static final int STATUS = 3;

    private static final String READ_8 = "28 00 00 00 00 00 00 00 08 00";
    private static final String WRITE_16 = "2a 00 00 00 00 00 00 00 10 00";
    private static final String TEST_UNIT_READY = "00 00 00 00 00 00";

    private final Peer peer = new Peer();

    private static Pdu only(List<Pdu> answers) {
        assertEquals(1, answers.size(), () -> answers.size() + " answers");
        return answers.getFirst();
    }

    @Test
    void aPingComesBack() {
        Pdu answer = only(peer.send(
                Pdu.of(Opcode.NOP_OUT).initiatorTaskTag(5).data(MemorySegment.ofArray(new byte[] {1, 2, 3}))));

        assertEquals(Opcode.NOP_IN, answer.opcode());
        assertEquals(5, answer.initiatorTaskTag());
        assertArrayEquals(new byte[] {1, 2, 3}, answer.data().toArray(JAVA_BYTE));
    }

    @Test
    void dataInComeInPiecesThatTheInitiatorTakesAndTheLastHasTheStatus() {
        peer.medium.content().copyFrom(Peer.pattern(0, 4096));

        List<Pdu> answers = peer.send(command(9, READ, 4096, READ_8));

        assertEquals(4, answers.size());
        byte[] read = new byte[4096];
        for (int i = 0; i < 4; i++) {
            Pdu answer = answers.get(i);
            assertEquals(Opcode.DATA_IN, answer.opcode());
            assertEquals(i, answer.get32(36));
            assertEquals(1024 * i, answer.get32(40));
            assertEquals(i == 3, answer.isFinal());
            MemorySegment.copy(answer.data(), JAVA_BYTE, 0, read, 1024 * i, 1024);
        }
        assertEquals(Pdu.FINAL | HAS_STATUS, answers.getLast().get8(1));
        assertArrayEquals(Peer.pattern(0, 4096).toArray(JAVA_BYTE), read);
    }

    @Test
    void dataOutComeWithTheCommandThenUnaskedThenAskedFor() {
        assertTrue(peer.send(command(3, WRITE, 8192, WRITE_16).set8(1, WRITE).data(Peer.pattern(0, 512)))
                .isEmpty());
        Pdu first = only(peer.raw(dataOut(3, Pdu.NO_TAG, 0, 512, 1536, true)));
        assertEquals(Opcode.R2T, first.opcode());
        assertEquals(2048, first.get32(40));
        assertEquals(4096, first.get32(44));
        assertTrue(peer.raw(dataOut(3, first.targetTransferTag(), 0, 2048, 2048, false))
                .isEmpty());
        Pdu second = only(peer.raw(dataOut(3, first.targetTransferTag(), 1, 4096, 2048, true)));
        assertEquals(Opcode.R2T, second.opcode());
        assertEquals(1, second.get32(36));
        Pdu answer = only(peer.raw(dataOut(3, second.targetTransferTag(), 0, 6144, 2048, true)));

        assertEquals(Opcode.SCSI_RESPONSE, answer.opcode());
        assertEquals(0, answer.get8(STATUS));
        assertEquals(Pdu.FINAL, answer.get8(1));
        assertEquals(-1, peer.medium.content().asSlice(0, 8192).mismatch(Peer.pattern(0, 8192)));
    }

    @Test
    void dataOutOfSequenceEndTheCommandAndWriteNothing() {
        Pdu r2t = only(peer.send(command(3, WRITE, 8192, WRITE_16)));
        Pdu answer = only(peer.raw(dataOut(3, r2t.targetTransferTag(), 1, 0, 2048, false)));

        assertEquals(Opcode.SCSI_RESPONSE, answer.opcode());
        assertEquals(2, answer.get8(STATUS));
        assertTrue(peer.raw(dataOut(3, r2t.targetTransferTag(), 2, 2048, 2048, true))
                .isEmpty());
        assertEquals(-1, peer.medium.content().mismatch(MemorySegment.ofArray(new byte[1 << 20])));
        assertFalse(peer.finished);
    }

    @Test
    void aCommandWaitsForThoseBeforeIt() {
        int next = peer.nextCmdSn();
        assertTrue(peer.sendAs(next + 1, command(2, 0, TEST_UNIT_READY)).isEmpty());

        List<Pdu> answers = peer.sendAs(next, command(1, 0, TEST_UNIT_READY));

        assertEquals(List.of(1, 2), answers.stream().map(Pdu::initiatorTaskTag).toList());
        assertEquals(next + 2, answers.getLast().get32(28));
    }

    @Test
    void aCommandOutsideTheWindowIsIgnored() {
        int next = peer.nextCmdSn();
        assertTrue(peer.sendAs(next - 1, command(1, 0, TEST_UNIT_READY)).isEmpty());
        assertTrue(peer.sendAs(next + CommandWindow.SIZE, command(1, 0, TEST_UNIT_READY))
                .isEmpty());
        assertEquals(1, peer.sendAs(next, command(1, 0, TEST_UNIT_READY)).size());
    }

    @Test
    void theWindowClosesWhileCommandsAreInFlight() {
        peer.medium.hold();
        for (int i = 0; i < CommandWindow.SIZE; i++) {
            assertTrue(peer.send(command(i, READ, 512, "28 00 00 00 00 00 00 00 01 00"))
                    .isEmpty());
        }

        assertTrue(peer.send(command(1000, 0, TEST_UNIT_READY)).isEmpty());
        peer.medium.release();
        peer.loop.runUntilIdle();

        assertEquals(CommandWindow.SIZE, peer.answers.size());
    }

    @Test
    void residualsAreWhatTheInitiatorExpectedTooMuchOrTooLittle() {
        Pdu less = peer.send(command(1, READ, 6000, READ_8)).getLast();
        assertEquals(UNDERFLOW, less.get8(1) & (UNDERFLOW | OVERFLOW));
        assertEquals(6000 - 4096, less.get32(RESIDUAL));

        Pdu more = peer.send(command(2, READ, 1000, READ_8)).getLast();
        assertEquals(OVERFLOW, more.get8(1) & (UNDERFLOW | OVERFLOW));
        assertEquals(4096 - 1000, more.get32(RESIDUAL));
        assertEquals(1000, more.dataLength());

        Pdu none = only(peer.send(command(3, 0, READ_8)));
        assertEquals(Opcode.SCSI_RESPONSE, none.opcode());
        assertEquals(4096, none.get32(RESIDUAL));
    }

    @Test
    void lessDataThanThereAreBlocksAreWrittenByWholeBlocksOnly() {
        String twoBlocks = "2a 00 00 00 00 00 00 00 02 00";
        Pdu half = only(peer.send(command(1, WRITE, 512, twoBlocks).data(Peer.pattern(0, 512))));
        assertEquals(0, half.get8(STATUS));
        assertEquals(OVERFLOW, half.get8(1) & (UNDERFLOW | OVERFLOW));
        assertEquals(512, half.get32(RESIDUAL));
        assertEquals(-1, peer.medium.content().asSlice(0, 512).mismatch(Peer.pattern(0, 512)));

        Pdu part = only(peer.send(command(2, WRITE, 200, twoBlocks).data(Peer.pattern(512, 200))));
        assertEquals(2, part.get8(STATUS));
        assertEquals(0x0e, part.data().get(JAVA_BYTE, 2 + 12));
        assertEquals(OVERFLOW, part.get8(1) & (UNDERFLOW | OVERFLOW));
        assertEquals(1024 - 200, part.get32(RESIDUAL));
        assertEquals(-1, peer.medium.content().asSlice(0, 512).mismatch(Peer.pattern(0, 512)));
    }

    @Test
    void senseDataComeWithTheResponse() {
        Pdu answer = only(peer.send(command(1, READ, 512, "28 00 ff ff ff ff 00 00 01 00")));

        assertEquals(2, answer.get8(STATUS));
        byte[] data = answer.data().toArray(JAVA_BYTE);
        assertEquals(data.length - 2, data[0] << 8 | data[1]);
        assertEquals(0x05, data[2 + 2]);
    }

    @Test
    void aCommandThatIsTooLongIsRefused() {
        Pdu answer = only(peer.send(command(1, READ, -1, READ_8)));

        assertEquals(2, answer.get8(STATUS));
        assertEquals(-1, answer.get32(RESIDUAL));
    }

    @Test
    void moreDataThanOneSessionMayHaveInFlightAreNoRoomInTheTaskSet() {
        peer.medium.hold();
        int length = 48 << 20;
        assertTrue(peer.send(command(1, READ, length, READ_8)).isEmpty());
        assertTrue(peer.send(command(2, READ, length, READ_8)).isEmpty());

        assertEquals(0x28, only(peer.send(command(3, READ, length, READ_8))).get8(STATUS));

        peer.medium.release();
        peer.loop.runUntilIdle();
        assertEquals(0, peer.send(command(4, READ, length, READ_8)).getLast().get8(STATUS));
    }

    @Test
    void aTagInUseIsRejected() {
        peer.medium.hold();
        assertTrue(peer.send(command(1, READ, 4096, READ_8)).isEmpty());

        Pdu answer = only(peer.send(command(1, READ, 4096, READ_8)));

        assertEquals(Opcode.REJECT, answer.opcode());
        assertEquals(RejectReason.TASK_IN_PROGRESS.code(), answer.get8(2));
        assertEquals(Pdu.BHS, answer.dataLength());
    }

    @Test
    void anAbortedCommandIsNotAnswered() {
        peer.medium.hold();
        assertTrue(peer.send(command(1, READ, 4096, READ_8)).isEmpty());
        assertTrue(peer.raw(function(50, 1, 1)).isEmpty());

        peer.medium.release();
        peer.loop.runUntilIdle();

        assertEquals(
                List.of(Opcode.TASK_MANAGEMENT_RESPONSE),
                peer.answers.stream().map(Pdu::opcode).toList());
        assertEquals(0, peer.answers.getFirst().get8(2));
    }

    @Test
    void aCommandThatWaitsForDataIsAbortedAtOnceAndThoseBehindItGoOn() {
        assertEquals(
                Opcode.R2T, only(peer.send(command(1, WRITE, 8192, WRITE_16))).opcode());
        assertTrue(peer.send(command(2, 0, TEST_UNIT_READY)).isEmpty());

        List<Pdu> answers = peer.raw(function(50, 1, 1));

        assertEquals(List.of(2, 50), answers.stream().map(Pdu::initiatorTaskTag).toList());
    }

    @Test
    void functionsAboutWhatIsNotThereSaySo() {
        assertEquals(1, only(peer.raw(function(50, 1, 99))).get8(2));
        assertEquals(2, only(peer.raw(function(51, 5, 0).lun(3L << 48))).get8(2));
        assertEquals(5, only(peer.raw(function(52, 40, 0))).get8(2));
        assertEquals(4, only(peer.raw(function(53, 8, 0))).get8(2));
    }

    @Test
    void aLogicalUnitResetAbortsWhatWasBeforeItAndIsHeardOf() {
        peer.medium.hold();
        assertTrue(peer.send(command(1, READ, 4096, READ_8)).isEmpty());
        assertTrue(peer.raw(function(50, 5, 0)).isEmpty());
        peer.medium.release();
        peer.loop.runUntilIdle();

        assertEquals(0, only(List.copyOf(peer.answers)).get8(2));
        assertEquals(
                0x29,
                peer.send(command(2, 0, TEST_UNIT_READY)).getFirst().data().get(JAVA_BYTE, 2 + 12));
    }

    @Test
    void sendTargetsNamesTheTargetAndItsPortal() {
        Peer discovery = new Peer(new SessionParameters("i", 1, true, Digests.NONE, 8192, 4096, 2048, false, true));

        Pdu answer = only(discovery.send(Pdu.of(Opcode.TEXT_REQUEST)
                .initiatorTaskTag(1)
                .data(MemorySegment.ofArray("SendTargets=All\0".getBytes(UTF_8)))));

        assertEquals(
                "TargetName=" + Peer.TARGET + "\0TargetAddress=192.0.2.1:3260,1\0",
                new String(answer.data().toArray(JAVA_BYTE), UTF_8));
        Pdu refusal = only(discovery.send(Pdu.of(Opcode.TEXT_REQUEST)
                .initiatorTaskTag(2)
                .data(MemorySegment.ofArray("SendTargets=Alle\0".getBytes(UTF_8)))));
        assertEquals("SendTargets=Reject\0", new String(refusal.data().toArray(JAVA_BYTE), UTF_8));
        assertEquals(
                Opcode.REJECT,
                only(discovery.send(command(3, 0, TEST_UNIT_READY))).opcode());
    }

    @Test
    void aLogoutIsAnsweredAndEndsTheSession() {
        Pdu answer = only(peer.send(Pdu.of(Opcode.LOGOUT_REQUEST).initiatorTaskTag(4)));

        assertEquals(Opcode.LOGOUT_RESPONSE, answer.opcode());
        assertTrue(peer.finished);
        assertTrue(peer.session.isClosed());
        assertTrue(peer.send(command(5, 0, TEST_UNIT_READY)).isEmpty());
    }

    @Test
    void anEndedSessionForgetsWhatIsInFlight() {
        peer.medium.hold();
        assertTrue(peer.send(command(1, READ, 4096, READ_8)).isEmpty());
        peer.session.close();
        peer.medium.release();
        peer.loop.runUntilIdle();

        assertTrue(peer.answers.isEmpty());
    }

    @Test
    void whoBreaksTheProtocolLosesTheSession() {
        Pdu answer = only(peer.send(command(Pdu.NO_TAG, 0, TEST_UNIT_READY)));

        assertEquals(Opcode.REJECT, answer.opcode());
        assertEquals(RejectReason.PROTOCOL_ERROR.code(), answer.get8(2));
        assertTrue(peer.finished);
    }

    @Test
    void aLongCdbComesInAnAdditionalHeader() {
        byte[] header = new byte[Pdu.BHS + 20];
        System.arraycopy(command(1, READ, 512, "7f 00 00 00 00 00 00 18 00 09").header(), 0, header, 0, Pdu.BHS);
        header[Pdu.BHS + 1] = 17;
        header[Pdu.BHS + 2] = 1;
        header[Pdu.BHS + 4 + 15] = 1;
        peer.medium.content().copyFrom(Peer.pattern(0, 512));

        Pdu answer = only(peer.send(Pdu.received(header, new byte[0])));

        assertEquals(Opcode.DATA_IN, answer.opcode());
        assertEquals(-1, answer.data().mismatch(Peer.pattern(0, 512)));
    }
}
