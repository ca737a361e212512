package vmm.iscsi;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What the two sides of a session agree on (RFC 7143 6 and 13): takes what the initiator offers or declares, and has
 * the target's answers.
 */
final class Negotiation {
    private static final int LARGEST_LENGTH = (1 << 24) - 1;
    private static final int SMALLEST_LENGTH = 512;

    /** What the target would like, and the defaults of RFC 7143 until the initiator offers something. */
    private static final int MAX_BURST = 1 << 20;

    private static final int FIRST_BURST = 256 << 10;

    private static final String NONE = "None";
    private static final String CRC32C = "CRC32C";
    private static final String REJECT = "Reject";
    private static final String NOT_UNDERSTOOD = "NotUnderstood";

    private final Map<String, String> declared = new LinkedHashMap<>();
    private boolean headerDigest;
    private boolean dataDigest;
    private int maxSendDataSegmentLength = PduReader.MAX_LOGIN_DATA;
    private int maxBurstLength = 262_144;
    private int firstBurstLength = 65_536;
    private boolean initialR2t = true;
    private boolean immediateData = true;

    /** A value of what the initiator has declared: InitiatorName, TargetName, SessionType; empty if it has not. */
    String declared(String key) {
        return declared.getOrDefault(key, "");
    }

    /**
     * Answers what the initiator sends.
     *
     * @throws LoginException if there is no agreement
     */
    Map<String, String> answer(Map<String, String> offers) throws LoginException {
        Map<String, String> answers = new LinkedHashMap<>();
        for (Map.Entry<String, String> offer : offers.entrySet()) {
            String answer = answer(offer.getKey(), offer.getValue());
            if (!answer.isEmpty()) {
                answers.put(offer.getKey(), answer);
            }
        }
        return answers;
    }

    /** The answer to one key; empty if it wants none. */
    private String answer(String key, String value) throws LoginException {
        return switch (key) {
            case "InitiatorName", "InitiatorAlias", "TargetName", "SessionType" -> {
                declared.put(key, value);
                yield "";
            }
            case "AuthMethod" -> {
                if (!List.of(value.split(",", -1)).contains(NONE)) {
                    throw new LoginException(LoginStatus.AUTHENTICATION_FAILURE);
                }
                yield NONE;
            }
            case "HeaderDigest" -> {
                String choice = digest(value);
                headerDigest = choice.equals(CRC32C);
                yield choice;
            }
            case "DataDigest" -> {
                String choice = digest(value);
                dataDigest = choice.equals(CRC32C);
                yield choice;
            }
            case "MaxRecvDataSegmentLength" -> {
                maxSendDataSegmentLength = length(value);
                yield "";
            }
            case "MaxBurstLength" -> {
                maxBurstLength = Math.min(length(value), MAX_BURST);
                yield Integer.toString(maxBurstLength);
            }
            case "FirstBurstLength" -> {
                firstBurstLength = Math.min(length(value), FIRST_BURST);
                yield Integer.toString(firstBurstLength);
            }
            case "InitialR2T" -> {
                initialR2t = isYes(value);
                yield yesOrNo(initialR2t);
            }
            case "ImmediateData" -> {
                immediateData = isYes(value);
                yield yesOrNo(immediateData);
            }
            default -> FIXED.getOrDefault(key, unknown -> NOT_UNDERSTOOD).apply(value);
        };
    }

    /** Keys to which the target has one answer, or one that depends on the offer alone. */
    private static final Map<String, UnaryOperator<String>> FIXED = Map.ofEntries(
            Map.entry("MaxConnections", offer -> "1"),
            Map.entry("DefaultTime2Wait", offer -> offer),
            Map.entry("DefaultTime2Retain", offer -> "0"),
            Map.entry("MaxOutstandingR2T", offer -> "1"),
            Map.entry("DataPDUInOrder", offer -> "Yes"),
            Map.entry("DataSequenceInOrder", offer -> "Yes"),
            Map.entry("ErrorRecoveryLevel", offer -> "0"),
            Map.entry("TaskReporting", offer -> "RFC3720"),
            // RFC 7144 3.1.1: 2 adds task management functions, which TaskManagement has
            Map.entry("iSCSIProtocolLevel", offer -> offer.matches("[01]") ? offer : "2"),
            // RFC 7143 13.25: markers are of the past
            Map.entry("IFMarker", offer -> REJECT),
            Map.entry("OFMarker", offer -> REJECT),
            Map.entry("IFMarkInt", offer -> REJECT),
            Map.entry("OFMarkInt", offer -> REJECT));

    private static String digest(String offers) throws LoginException {
        for (String offer : offers.split(",", -1)) {
            if (offer.equals(NONE) || offer.equals(CRC32C)) {
                return offer;
            }
        }
        throw new LoginException(LoginStatus.INITIATOR_ERROR);
    }

    private static int length(String value) throws LoginException {
        try {
            String number = value.toLowerCase(Locale.ROOT);
            long length =
                    number.startsWith("0x") ? Long.parseLong(number, 2, number.length(), 16) : Long.parseLong(number);
            if (length >= SMALLEST_LENGTH && length <= LARGEST_LENGTH) {
                return (int) length;
            }
        } catch (NumberFormatException notANumber) {
            throw new LoginException(LoginStatus.INITIATOR_ERROR);
        }
        throw new LoginException(LoginStatus.INITIATOR_ERROR);
    }

    private static boolean isYes(String value) throws LoginException {
        return switch (value) {
            case "Yes" -> true;
            case "No" -> false;
            default -> throw new LoginException(LoginStatus.INITIATOR_ERROR);
        };
    }

    private static String yesOrNo(boolean value) {
        return value ? "Yes" : "No";
    }

    /** The agreement. */
    SessionParameters result(long isid, boolean discovery) {
        return new SessionParameters(
                declared("InitiatorName"),
                isid,
                discovery,
                new Digests(headerDigest, dataDigest),
                maxSendDataSegmentLength,
                maxBurstLength,
                Math.min(firstBurstLength, maxBurstLength),
                initialR2t,
                immediateData);
    }
}
