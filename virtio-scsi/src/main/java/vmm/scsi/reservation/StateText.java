package vmm.scsi.reservation;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import vmm.scsi.NexusId;
import vmm.scsi.TransportId;

/** A {@link ReservationState} as text, a fact to a line. */
final class StateText {
    private static final int MOST_LINES = 16 + ReservationState.MAX_REGISTRATIONS + ReservationState.MAX_NOTICES;

    private long version;
    private int generation;
    private boolean persistent;
    private final List<Registration> registrations = new ArrayList<>();
    private @Nullable ReservationType type;
    private @Nullable NexusId holder;
    private @Nullable NexusId reserver;
    private long owner;
    private final List<Notice> notices = new ArrayList<>();

    private StateText() {}

    /** Writes a state. */
    static List<String> write(ReservationState state) {
        HexFormat hex = HexFormat.of();
        List<String> text = new ArrayList<>();
        line(text, "version", state.version());
        line(text, "generation", Integer.toUnsignedString(state.generation()));
        line(text, "aptpl", state.persistent() ? 1 : 0);
        for (Registration registration : state.registrations()) {
            line(text, "registration", hex.toHexDigits(registration.key()), name(registration.nexus()));
        }
        ReservationType held = state.type();
        NexusId holder = state.holder();
        if (held != null) {
            line(text, "reservation", held.code(), holder == null ? "all" : name(holder));
        }
        NexusId reserver = state.reserver();
        if (reserver != null) {
            line(text, "reserve", hex.toHexDigits(state.owner()), name(reserver));
        }
        for (Notice notice : state.notices()) {
            line(text, "notice", notice.version(), notice.event(), name(notice.nexus()));
        }
        return text;
    }

    private static void line(List<String> text, Object... words) {
        text.add(Stream.of(words).map(Object::toString).collect(Collectors.joining(" ")));
    }

    private static String name(NexusId nexus) {
        return nexus.targetPort() + " " + nexus.initiatorPort();
    }

    /**
     * Reads a state.
     *
     * @throws IllegalArgumentException if the lines are not what {@link #write} has written
     */
    static ReservationState read(List<String> lines) {
        if (lines.size() > MOST_LINES) {
            throw new IllegalArgumentException("it has more than " + MOST_LINES + " lines");
        }
        StateText read = new StateText();
        for (String line : lines) {
            try {
                read.take(line.split(" ", -1));
            } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
                throw new IllegalArgumentException("the line \"" + line + "\" is wrong", e);
            }
        }
        return read.state();
    }

    private void take(String[] words) {
        switch (words[0]) {
            case "version" -> version = positive(words[1]);
            case "generation" -> generation = Integer.parseUnsignedInt(words[1]);
            case "aptpl" -> persistent = words[1].equals("1");
            case "registration" -> register(new Registration(nexus(words, 2), key(words[1])));
            case "reservation" -> {
                type = ReservationType.of(Integer.parseInt(words[1]));
                holder = words[2].equals("all") ? null : nexus(words, 2);
            }
            case "reserve" -> {
                owner = HexFormat.fromHexDigitsToLong(words[1]);
                reserver = nexus(words, 2);
            }
            case "notice" ->
                notices.add(new Notice(positive(words[1]), nexus(words, 3), ReservationEvent.valueOf(words[2])));
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    private void register(Registration registration) {
        if (registration.key() == 0
                || registrations.stream().anyMatch(known -> known.nexus().equals(registration.nexus()))) {
            throw new IllegalArgumentException("no key, or a second one");
        }
        registrations.add(registration);
    }

    private static long positive(String number) {
        long value = Long.parseLong(number);
        if (value < 0) {
            throw new IllegalArgumentException(number);
        }
        return value;
    }

    private static long key(String digits) {
        return HexFormat.fromHexDigitsToLong(digits);
    }

    private static NexusId nexus(String[] words, int from) {
        byte[] bytes = HexFormat.of().parseHex(words[from + 1]);
        TransportId port = TransportId.parse(bytes, 0, bytes.length);
        if (port == null || port.length() != bytes.length) {
            throw new IllegalArgumentException("no TransportID");
        }
        return new NexusId(port, Integer.parseInt(words[from]));
    }

    private ReservationState state() {
        ReservationState state = new ReservationState(
                version, generation, persistent, registrations, type, holder, reserver, owner, notices);
        if (registrations.size() > ReservationState.MAX_REGISTRATIONS || !isHeld(state)) {
            throw new IllegalArgumentException("nobody holds the reservation that it names");
        }
        return state;
    }

    /** True if whoever should hold the reservation can. */
    private static boolean isHeld(ReservationState state) {
        ReservationType held = state.type();
        NexusId one = state.holder();
        if (held == null || held.heldByAllRegistrants()) {
            return one == null && (held == null || !state.registrations().isEmpty());
        }
        return one != null && state.registration(one).isPresent();
    }
}
