package vmm.iscsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LoginPhaseTest {
    private static final int TRANSIT = 0x80;
    private static final int OPERATIONAL = 1 << 2;
    private static final int FULL_FEATURE = 3;
    private static final int STATUS = 36;

    private static final Map<String, String> NAMES = Map.of("InitiatorName", "iqn.i", "TargetName", Peer.TARGET);

    private final ByteArrayOutputStream answers = new ByteArrayOutputStream();

    private static final class Door implements LoginPhase.Admission {
        @Override
        public int admit(SessionParameters agreed) {
            return 42;
        }

        @Override
        public boolean hasSession(int tsih) {
            return tsih == 41;
        }

        @Override
        public String targetName() {
            return Peer.TARGET;
        }
    }

    private LoginPhase.@Nullable Result login(Pdu... requests) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PduWriter writer = new PduWriter(bytes);
        for (Pdu request : requests) {
            writer.write(request);
        }
        answers.reset();
        PduReader reader = new PduReader(new ByteArrayInputStream(bytes.toByteArray()));
        return new LoginPhase(reader, new PduWriter(answers), new Door()).run();
    }

    private Pdu answer() throws IOException {
        Pdu answer = new PduReader(new ByteArrayInputStream(answers.toByteArray())).read();
        assertNotNull(answer);
        return answer;
    }

    private static Pdu request(int stages, Map<String, String> text) {
        return Pdu.of(Opcode.LOGIN_REQUEST)
                .set8(0, Opcode.LOGIN_REQUEST | 0x40)
                .set8(1, stages)
                .set16(8, 0x8000)
                .set32(10, 0x1234)
                .initiatorTaskTag(7)
                .set32(24, 1000)
                .data(TextKeys.format(text));
    }

    private static Map<String, String> with(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(NAMES);
        all.putAll(more);
        return all;
    }

    private void refused(LoginStatus status, Pdu... requests) throws IOException {
        assertEquals(
                status,
                assertThrows(LoginException.class, () -> login(requests)).status());
        byte[] all = answers.toByteArray();
        assertTrue(all.length >= Pdu.BHS);
        Pdu last = answer();
        if (requests.length == 1) {
            assertEquals(status.code(), last.get16(STATUS));
        }
    }

    @Test
    void oneRequestIsEnough() throws IOException {
        LoginPhase.Result result = login(request(TRANSIT | OPERATIONAL | FULL_FEATURE, NAMES));

        assertNotNull(result);
        assertEquals(1000, result.cmdSn());
        assertEquals(0x8000_0000_1234L, result.parameters().isid());
        assertEquals("iqn.i", result.parameters().initiatorName());
        Pdu answer = answer();
        assertEquals(42, answer.get16(14));
        assertEquals(0, answer.get16(STATUS));
        assertEquals(TRANSIT | OPERATIONAL | FULL_FEATURE, answer.get8(1));
        assertEquals("1", TextKeys.parse(TextKeys.bytes(answer)).get("TargetPortalGroupTag"));
    }

    @Test
    void bothSidesAgreeOnWhatBothCanDo() throws IOException {
        Map<String, String> offers = Map.of(
                "HeaderDigest", "CRC32C,None",
                "DataDigest", "None,CRC32C",
                "MaxBurstLength", "16776192",
                "FirstBurstLength", "1024",
                "InitialR2T", "No",
                "ImmediateData", "No",
                "MaxConnections", "8",
                "ErrorRecoveryLevel", "2",
                "MaxRecvDataSegmentLength", "0x4000",
                "Sparkle", "Yes");
        LoginPhase.Result result = login(request(TRANSIT | OPERATIONAL | FULL_FEATURE, with(offers)));

        assertNotNull(result);
        SessionParameters agreed = result.parameters();
        assertEquals(new Digests(true, false), agreed.digests());
        assertEquals(1 << 20, agreed.maxBurstLength());
        assertEquals(1024, agreed.firstBurstLength());
        assertEquals(0x4000, agreed.maxSendDataSegmentLength());
        assertTrue(!agreed.initialR2t() && !agreed.immediateData());
        Map<String, String> said = TextKeys.parse(TextKeys.bytes(answer()));
        assertEquals("1", said.get("MaxConnections"));
        assertEquals("0", said.get("ErrorRecoveryLevel"));
        assertEquals("NotUnderstood", said.get("Sparkle"));
        assertEquals("262144", said.get("MaxRecvDataSegmentLength"));
    }

    @Test
    void aTextMayComeInPieces() throws IOException {
        Pdu first = request(OPERATIONAL | 0x40, Map.of("InitiatorName", "iqn.i"));
        Pdu second = request(TRANSIT | OPERATIONAL | FULL_FEATURE, Map.of("TargetName", Peer.TARGET));

        assertNotNull(login(first, second));
    }

    @Test
    void whatIsWrongIsSaid() throws IOException {
        int direct = TRANSIT | OPERATIONAL | FULL_FEATURE;
        refused(LoginStatus.MISSING_PARAMETER, request(direct, Map.of("TargetName", Peer.TARGET)));
        refused(LoginStatus.MISSING_PARAMETER, request(direct, Map.of("InitiatorName", "i")));
        refused(LoginStatus.INITIATOR_ERROR, request(direct, with(Map.of("InitiatorName", "i".repeat(224)))));
        refused(LoginStatus.NOT_FOUND, request(direct, with(Map.of("TargetName", "iqn.other"))));
        refused(LoginStatus.SESSION_TYPE_NOT_SUPPORTED, request(direct, with(Map.of("SessionType", "Odd"))));
        refused(LoginStatus.AUTHENTICATION_FAILURE, request(TRANSIT | 1, with(Map.of("AuthMethod", "CHAP"))));
        refused(LoginStatus.INITIATOR_ERROR, request(direct, with(Map.of("MaxBurstLength", "many"))));
        refused(LoginStatus.INITIATOR_ERROR, request(TRANSIT | OPERATIONAL | 2, NAMES));
        refused(LoginStatus.INITIATOR_ERROR, request(TRANSIT | OPERATIONAL, NAMES));
        refused(LoginStatus.UNSUPPORTED_VERSION, request(direct, NAMES).set8(3, 1));
        refused(LoginStatus.TOO_MANY_CONNECTIONS, request(direct, NAMES).set16(14, 41));
        refused(LoginStatus.SESSION_DOES_NOT_EXIST, request(direct, NAMES).set16(14, 40));
        refused(LoginStatus.INVALID_DURING_LOGIN, Pdu.of(Opcode.NOP_OUT));
    }

    @Test
    void aDiscoverySessionNeedsNoTarget() throws IOException {
        LoginPhase.Result result = login(request(
                TRANSIT | OPERATIONAL | FULL_FEATURE, Map.of("InitiatorName", "i", "SessionType", "Discovery")));

        assertNotNull(result);
        assertTrue(result.parameters().discovery());
    }

    @Test
    void aLoginWithoutAnEndEnds() {
        Pdu[] many = new Pdu[100];
        Arrays.setAll(many, i -> request(OPERATIONAL, i == 0 ? NAMES : Map.of()));

        assertThrows(ProtocolException.class, () -> login(many));
    }

    @Test
    void whoLeavesHasNotLoggedIn() throws IOException {
        assertNull(login());
        assertNull(login(request(TRANSIT | 1, with(Map.of("AuthMethod", "None")))));
    }
}
