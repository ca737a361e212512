package vmm.iscsi;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.scsi.ItNexus;
import vmm.scsi.LunAddress;

/**
 * The full feature phase of a session (RFC 7143 4.3): takes the PDUs of its one connection, numbers the answers, and
 * knows which commands are in flight. Loop thread only.
 */
final class Session {
    private static final Logger log = LoggerFactory.getLogger(Session.class);

    /** The most data of all commands in flight together, in bytes. */
    private static final long MOST_DATA = 128 << 20;

    /** Immediate commands come on top of the window. */
    private static final int MOST_IN_FLIGHT = CommandWindow.SIZE + 8;

    private static final int MOST_FUNCTIONS = 16;

    private final SessionParameters parameters;
    private final IscsiTarget target;
    private final Output output;
    private final @Nullable ItNexus nexus;
    private final CommandWindow window;
    private final TaskManagement management = new TaskManagement(this);
    private final TextInput text = new TextInput();

    /** The commands that have not been answered, by their initiator task tags. */
    private final Map<Integer, IscsiCommand> commands = new HashMap<>();

    /** Those of them that wait for their data, or for others to get theirs: they are executed in order. */
    private final ArrayDeque<IscsiCommand> arrived = new ArrayDeque<>();

    private int statSn;
    private int nextTransferTag;
    private long dataInFlight;
    private boolean closed;

    /**
     * A session that begins.
     *
     * @param nexus its way to the logical units; null for a discovery session
     */
    Session(LoginPhase.Result login, IscsiTarget target, @Nullable ItNexus nexus, Output output) {
        this.parameters = login.parameters();
        this.target = target;
        this.nexus = nexus;
        this.output = output;
        this.statSn = login.statSn();
        this.window = new CommandWindow(login.cmdSn());
    }

    SessionParameters parameters() {
        return parameters;
    }

    /** Takes what the initiator has sent. */
    void receive(Pdu pdu) {
        if (closed) {
            return;
        }
        try {
            if (!isNumbered(pdu)) {
                handle(pdu);
                return;
            }
            // RFC 7143 4.2.2.1: what is not in the window is ignored
            window.add(pdu);
            for (Pdu next = window.next(); next != null && !closed; next = window.next()) {
                handle(next);
            }
        } catch (ProtocolException trouble) {
            log.debug("{}: {} The session ends.", parameters.initiatorName(), trouble.getMessage());
            reject(pdu, RejectReason.PROTOCOL_ERROR);
            output.finish();
            close();
        }
    }

    private static boolean isNumbered(Pdu pdu) {
        return !pdu.isImmediate() && pdu.opcode() != Opcode.DATA_OUT && pdu.opcode() != Opcode.SNACK_REQUEST;
    }

    private void handle(Pdu pdu) throws ProtocolException {
        switch (pdu.opcode()) {
            case Opcode.NOP_OUT -> ping(pdu);
            case Opcode.SCSI_COMMAND -> command(pdu);
            case Opcode.TASK_MANAGEMENT_REQUEST -> manage(pdu);
            case Opcode.TEXT_REQUEST -> text(pdu);
            case Opcode.DATA_OUT -> dataOut(pdu);
            case Opcode.LOGOUT_REQUEST -> logout(pdu);
            // RFC 7143 11.16: at error recovery level 0 there is nothing to ask for again
            case Opcode.SNACK_REQUEST -> reject(pdu, RejectReason.SNACK_REJECT);
            case Opcode.LOGIN_REQUEST -> throw new ProtocolException("A login in the full feature phase.");
            default -> reject(pdu, RejectReason.COMMAND_NOT_SUPPORTED);
        }
    }

    private void ping(Pdu pdu) {
        // RFC 7143 11.18.1: without a tag it wants no answer
        if (pdu.initiatorTaskTag() == Pdu.NO_TAG) {
            return;
        }
        Pdu answer = Pdu.answer(Opcode.NOP_IN, pdu).lun(pdu.lun());
        long length = Math.min(pdu.dataLength(), parameters.maxSendDataSegmentLength());
        sendStatus(answer.data(pdu.data().asSlice(0, length)));
    }

    private void command(Pdu pdu) throws ProtocolException {
        int tag = pdu.initiatorTaskTag();
        if (tag == Pdu.NO_TAG) {
            throw new ProtocolException("A command with the reserved tag.");
        }
        if (nexus == null) {
            reject(pdu, RejectReason.COMMAND_NOT_SUPPORTED);
        } else if (commands.containsKey(tag)) {
            reject(pdu, RejectReason.TASK_IN_PROGRESS);
        } else if (commands.size() >= MOST_IN_FLIGHT) {
            reject(pdu, RejectReason.TOO_MANY_IMMEDIATE_COMMANDS);
        } else {
            start(IscsiCommand.of(this, pdu));
        }
    }

    private void start(IscsiCommand command) throws ProtocolException {
        commands.put(command.initiatorTaskTag(), command);
        arrived.add(command);
        if (command.isTooLong() || dataInFlight + command.expectedLength() > MOST_DATA) {
            command.refuse();
            return;
        }
        dataInFlight += command.expectedLength();
        command.gather();
        executeArrived();
    }

    private void dataOut(Pdu pdu) {
        IscsiCommand command = commands.get(pdu.initiatorTaskTag());
        // What is still under way to a command that has ended has nowhere to go.
        if (command != null) {
            command.dataOut(pdu);
            executeArrived();
        }
    }

    private void executeArrived() {
        for (IscsiCommand first = arrived.peek(); first != null && first.hasItsData(); first = arrived.peek()) {
            arrived.remove();
            if (nexus != null) {
                nexus.execute(first.lun(), first);
            }
        }
    }

    private void manage(Pdu pdu) {
        if (nexus == null) {
            reject(pdu, RejectReason.COMMAND_NOT_SUPPORTED);
        } else if (management.running() >= MOST_FUNCTIONS) {
            reject(pdu, RejectReason.TOO_MANY_IMMEDIATE_COMMANDS);
        } else {
            management.handle(nexus, pdu);
        }
    }

    private void text(Pdu pdu) throws ProtocolException {
        Pdu answer = Pdu.answer(Opcode.TEXT_RESPONSE, pdu).lun(pdu.lun());
        Map<String, String> questions = text.add(pdu);
        if (questions == null) {
            // RFC 7143 11.11.4: by the tag the initiator says what its next request continues
            sendStatus(answer.set8(1, 0).targetTransferTag(nextTransferTag()));
            return;
        }
        Map<String, String> answers = new LinkedHashMap<>();
        questions.forEach((key, value) -> {
            if (key.equals("SendTargets")) {
                if (value.isEmpty() || value.equals("All") || value.equals(target.name())) {
                    answers.put("TargetName", target.name());
                    answers.put("TargetAddress", output.portal() + "," + IscsiTarget.PORTAL_GROUP);
                } else {
                    answers.put(key, "Reject");
                }
            } else if (!key.startsWith("X-")) {
                answers.put(key, "NotUnderstood");
            }
        });
        sendStatus(answer.data(TextKeys.format(answers)));
    }

    private void logout(Pdu pdu) {
        // RFC 7143 11.14: 0 closes the session, 1 a connection of it; 2 is for recovery, which there is not
        int reason = pdu.get8(1) & 0x7f;
        boolean close = reason <= 1;
        sendStatus(
                Pdu.answer(Opcode.LOGOUT_RESPONSE, pdu).set8(2, close ? 0 : 2).targetTransferTag(0));
        if (close) {
            output.finish();
            close();
        }
    }

    private void reject(Pdu pdu, RejectReason reason) {
        Pdu rejection = Pdu.of(Opcode.REJECT).set8(2, reason.code());
        sendStatus(rejection.data(MemorySegment.ofArray(pdu.basicHeader())));
    }

    // What follows is for commands and task management functions.

    /** The command of that tag, or null if none is in flight. */
    @Nullable
    IscsiCommand command(int initiatorTaskTag) {
        return commands.get(initiatorTaskTag);
    }

    /**
     * Forgets those of the commands that have not been delivered to the logical unit which {@code wanted} is true of.
     */
    void withdraw(Predicate<IscsiCommand> wanted) {
        for (IscsiCommand command : List.copyOf(arrived)) {
            if (wanted.test(command)) {
                withdraw(command);
            }
        }
        executeArrived();
    }

    /** Forgets a command that has not been delivered to the logical unit. */
    void withdraw(IscsiCommand command) {
        if (arrived.remove(command)) {
            ended(command);
        }
    }

    /** A command has been answered, or never will be. */
    void ended(IscsiCommand command) {
        if (commands.remove(command.initiatorTaskTag(), command)) {
            dataInFlight -= command.hasRoom() ? command.expectedLength() : 0;
        }
    }

    /** A tag for data that are asked for. */
    int nextTransferTag() {
        nextTransferTag++;
        return nextTransferTag == Pdu.NO_TAG ? ++nextTransferTag : nextTransferTag;
    }

    /** Sends a PDU that has a status, and thus a number of its own (RFC 7143 4.2.2.2). */
    void sendStatus(Pdu pdu) {
        send(pdu.statSn(statSn++));
    }

    /** Sends a PDU that has a StatSN field only to say which number is next. */
    void sendUnnumbered(Pdu pdu) {
        send(pdu.statSn(statSn));
    }

    /** Sends a PDU without a StatSN. */
    void send(Pdu pdu) {
        if (!closed) {
            window.open(Math.min(commands.size(), CommandWindow.SIZE));
            output.send(pdu.window(window.expected(), window.last()));
        }
    }

    /** The target as the functions that concern all of it see it. */
    IscsiTarget target() {
        return target;
    }

    /** The number of a logical unit, or {@link LunAddress#INVALID}. */
    static int lun(Pdu pdu) {
        return LunAddress.decode(pdu.lun());
    }

    /** Ends the session: nobody hears of its commands any more. */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        withdraw(command -> true);
        if (nexus != null) {
            nexus.close(() -> {});
        }
    }

    boolean isClosed() {
        return closed;
    }
}
