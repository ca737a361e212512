package vmm.iscsi;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.junit.jupiter.api.Test;
import vmm.fuzz.SeededInputs;

/** Bytes as any initiator may send them, before and after its login. */
class ConnectionFuzz {
    private static final int MOST_PDUS = 48;
    private static final int MOST_DATA = 3000;

    private static final int[] OPCODES = {
        Opcode.NOP_OUT,
        Opcode.SCSI_COMMAND,
        Opcode.SCSI_COMMAND,
        Opcode.TASK_MANAGEMENT_REQUEST,
        Opcode.TEXT_REQUEST,
        Opcode.DATA_OUT,
        Opcode.DATA_OUT,
        Opcode.LOGOUT_REQUEST,
        Opcode.SNACK_REQUEST
    };

    /** A target that lets everybody in. */
    private static final class Door implements LoginPhase.Admission {
        @Override
        public int admit(SessionParameters agreed) {
            return 1;
        }

        @Override
        public boolean hasSession(int tsih) {
            return tsih == 1;
        }

        @Override
        public String targetName() {
            return Peer.TARGET;
        }
    }

    @FuzzTest
    void anyBytesAreALoginOrRefused(FuzzedDataProvider data) {
        PduReader reader = new PduReader(new ByteArrayInputStream(data.consumeRemainingAsBytes()));
        PduWriter writer = new PduWriter(OutputStream.nullOutputStream());
        try {
            LoginPhase.Result login = new LoginPhase(reader, writer, new Door()).run();
            if (login == null) {
                return;
            }
            SessionParameters agreed = login.parameters();
            assertTrue(agreed.firstBurstLength() <= agreed.maxBurstLength());
            reader.enterFullFeaturePhase(agreed.digests());
            Peer peer = new Peer(agreed);
            for (Pdu pdu = reader.read(); pdu != null; pdu = reader.read()) {
                peer.raw(pdu);
            }
        } catch (IOException refused) {
            // What Connection ends the connection for.
        }
    }

    @FuzzTest
    void anyPdusAreAnsweredOrEndTheSession(FuzzedDataProvider data) {
        Peer peer = new Peer();
        for (int i = 0; i < MOST_PDUS && data.remainingBytes() > 0 && !peer.finished; i++) {
            Pdu pdu = Pdu.of(
                    data.consumeBoolean() ? OPCODES[data.consumeInt(0, OPCODES.length - 1)] : data.consumeInt(0, 0xff));
            byte[] fields = data.consumeBytes(data.consumeInt(0, Pdu.BHS - 8));
            for (int at = 0; at < fields.length; at++) {
                pdu.set8(8 + at, fields[at]);
            }
            // Small tags meet each other, and what is far out of the window says nothing.
            pdu.set8(1, data.consumeByte()).initiatorTaskTag(data.consumeInt(0, 3));
            if (data.consumeBoolean()) {
                pdu.targetTransferTag(data.consumeInt(-1, 4));
            }
            pdu.data(Peer.pattern(0, data.consumeInt(0, MOST_DATA)));
            if (data.consumeBoolean()) {
                peer.send(pdu);
            } else {
                peer.sendAs(peer.nextCmdSn() + data.consumeInt(-2, 70), pdu);
            }
            peer.answers.clear();
        }
        peer.session.close();
        peer.loop.runUntilIdle();
        assertTrue(peer.answers.isEmpty());
    }

    @Test
    void seededLogins() {
        SeededInputs.run(ConnectionFuzz.class, 2000, this::anyBytesAreALoginOrRefused);
    }

    @Test
    void seededPdus() {
        SeededInputs.run(ConnectionFuzz.class, 2000, this::anyPdusAreAnsweredOrEndTheSession);
    }
}
