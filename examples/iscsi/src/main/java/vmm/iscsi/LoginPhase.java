package vmm.iscsi;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The login phase of a connection (RFC 7143 6.3 and 11.12): reads requests and answers them until the two sides have
 * agreed. One thread only, which waits for the initiator.
 */
final class LoginPhase {
    private static final int TRANSIT = 0x80;
    private static final int CONTINUE = 0x40;

    // Stages, in byte 1.
    private static final int SECURITY = 0;
    private static final int OPERATIONAL = 1;
    private static final int FULL_FEATURE = 3;

    // Fields of a login request.
    private static final int VERSION_MIN = 3;
    private static final int ISID = 8;
    private static final int TSIH = 14;
    // A field of a login response.
    private static final int STATUS = 36;

    /** An agreement takes two or three requests; nobody needs as many as this. */
    private static final int MOST_REQUESTS = 64;

    /** An iSCSI name (RFC 7143 4.2.7): at most 223 bytes, and nothing that would end it where it is written. */
    private static final String NAME = "[\\x21-\\x2b\\x2d-\\x7e]{1,223}";

    /** Which of the session's logins this is, as its owner sees it. */
    interface Admission {
        /** Ends the session of the same initiator port, if there is one, and gives the new one its TSIH. */
        int admit(SessionParameters agreed);

        /** True if there is a session of that identifier. */
        boolean hasSession(int tsih);

        /** The target's name. */
        String targetName();
    }

    /**
     * How it ended.
     *
     * @param parameters what has been agreed on
     * @param tsih the target's part of the session's identifier
     * @param cmdSn the number of the first command
     * @param statSn the number of the first response
     */
    record Result(SessionParameters parameters, int tsih, int cmdSn, int statSn) {}

    private final PduReader reader;
    private final PduWriter writer;
    private final Admission admission;
    private final Negotiation negotiation = new Negotiation();
    private final TextInput text = new TextInput();
    private int stage = SECURITY;
    private int statSn = 1;
    private boolean introduced;

    LoginPhase(PduReader reader, PduWriter writer, Admission admission) {
        this.reader = reader;
        this.writer = writer;
        this.admission = admission;
    }

    /**
     * Runs it.
     *
     * @return null if the initiator leaves or fails
     */
    @Nullable
    Result run() throws IOException {
        for (int i = 0; i < MOST_REQUESTS; i++) {
            Pdu request = reader.read();
            if (request == null) {
                return null;
            }
            try {
                Result result = handle(request, i == 0);
                if (result != null) {
                    return result;
                }
            } catch (LoginException failure) {
                send(response(request).set16(STATUS, failure.status().code()));
                throw failure;
            }
        }
        throw new ProtocolException("A login without an end.");
    }

    private @Nullable Result handle(Pdu request, boolean first) throws IOException {
        if (request.opcode() != Opcode.LOGIN_REQUEST) {
            throw new LoginException(LoginStatus.INVALID_DURING_LOGIN);
        }
        if (request.get8(VERSION_MIN) > 0) {
            throw new LoginException(LoginStatus.UNSUPPORTED_VERSION);
        }
        if (request.get16(TSIH) != 0) {
            // RFC 7143 6.3.1: a connection more for a session, and this target's sessions have one
            throw new LoginException(
                    admission.hasSession(request.get16(TSIH))
                            ? LoginStatus.TOO_MANY_CONNECTIONS
                            : LoginStatus.SESSION_DOES_NOT_EXIST);
        }
        int current = request.get8(1) >> 2 & 3;
        int next = request.get8(1) & 3;
        boolean transit = request.has(1, TRANSIT);
        boolean forward = next > current && next != 2;
        if ((first ? current > OPERATIONAL : current != stage) || (transit && (request.has(1, CONTINUE) || !forward))) {
            throw new LoginException(LoginStatus.INITIATOR_ERROR);
        }
        stage = current;
        Map<String, String> offers = text.add(request);
        if (offers == null) {
            send(response(request).set8(1, current << 2));
            return null;
        }
        Map<String, String> answers = new LinkedHashMap<>(negotiation.answer(offers));
        introduce(answers);
        if (current == OPERATIONAL && offers.containsKey("MaxRecvDataSegmentLength")) {
            answers.put("MaxRecvDataSegmentLength", Integer.toString(PduReader.MAX_DATA));
        }
        Pdu response = response(request).data(TextKeys.format(answers));
        if (!transit) {
            send(response.set8(1, current << 2));
            return null;
        }
        stage = next;
        response.set8(1, TRANSIT | current << 2 | next);
        if (next != FULL_FEATURE) {
            send(response);
            return null;
        }
        SessionParameters agreed = negotiation.result(isid(request), isDiscovery());
        int tsih = admission.admit(agreed);
        send(response.set16(TSIH, tsih));
        return new Result(agreed, tsih, request.cmdSn(), statSn);
    }

    /** What the first answer with the initiator's name has to have (RFC 7143 6.3 and 13.9). */
    private void introduce(Map<String, String> answers) throws LoginException {
        if (introduced) {
            return;
        }
        introduced = true;
        String initiator = negotiation.declared("InitiatorName");
        if (initiator.isEmpty()) {
            throw new LoginException(LoginStatus.MISSING_PARAMETER);
        }
        if (!initiator.matches(NAME)) {
            throw new LoginException(LoginStatus.INITIATOR_ERROR);
        }
        if (isDiscovery()) {
            return;
        }
        String wanted = negotiation.declared("TargetName");
        if (wanted.isEmpty()) {
            throw new LoginException(LoginStatus.MISSING_PARAMETER);
        }
        if (!wanted.equals(admission.targetName())) {
            throw new LoginException(LoginStatus.NOT_FOUND);
        }
        answers.put("TargetPortalGroupTag", Integer.toString(IscsiTarget.PORTAL_GROUP));
    }

    private boolean isDiscovery() throws LoginException {
        return switch (negotiation.declared("SessionType")) {
            case "", "Normal" -> false;
            case "Discovery" -> true;
            default -> throw new LoginException(LoginStatus.SESSION_TYPE_NOT_SUPPORTED);
        };
    }

    private static long isid(Pdu request) {
        return (long) request.get16(ISID) << 32 | (request.get32(ISID + 2) & 0xffff_ffffL);
    }

    private static Pdu response(Pdu request) {
        long isid = isid(request);
        return Pdu.answer(Opcode.LOGIN_RESPONSE, request)
                .set8(1, 0)
                .set16(ISID, (int) (isid >>> 32))
                .set32(ISID + 2, (int) isid)
                .targetTransferTag(0)
                .window(request.cmdSn(), request.cmdSn());
    }

    private void send(Pdu response) throws IOException {
        writer.write(response.statSn(statSn++));
        writer.flush();
    }
}
