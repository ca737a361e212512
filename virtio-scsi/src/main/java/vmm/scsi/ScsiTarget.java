package vmm.scsi;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import vmm.event.EventLoop;

/**
 * A SCSI target device with one port (SAM-5): logical units by their numbers. Any thread may call.
 *
 * <p>Takes room for the largest number that has been talked to, not for all there could be.
 */
public final class ScsiTarget {
    private static final int SMALLEST_TABLE = 1;
    private static final Span[] NO_SPANS = {};

    private volatile AtomicReferenceArray<@Nullable LogicalUnit> units = new AtomicReferenceArray<>(SMALLEST_TABLE);

    /** In ascending order, none of them over another. */
    private volatile Span[] spans = NO_SPANS;

    private final TargetUnits common;
    private final @Nullable ScsiBus bus;

    /** One number: its logical units share the array. */
    private final int[] ports;

    private final LogicalUnit reportLuns;

    /** What REPORT LUNS lists, if it is not what is attached here. */
    private final @Nullable Supplier<long[]> inventory;

    /** A target without logical units, whose port has the identifier 1. */
    public ScsiTarget(TargetUnits common) {
        this(common, 1);
    }

    /**
     * A target without logical units.
     *
     * @param common what it has beside those that will be attached to it
     * @param relativePort the RELATIVE TARGET PORT IDENTIFIER of its port (SPC-5), 1 to 65535: another one for each way
     *     that leads to the same logical unit
     */
    public ScsiTarget(TargetUnits common, int relativePort) {
        this(common, relativePort, null, null);
    }

    /**
     * A target that has nothing but well known logical units, and lists what others have.
     *
     * @param bus where its neighbours are, or null if it has none
     * @param inventory the addresses that REPORT LUNS lists, or null for what is attached here
     */
    ScsiTarget(TargetUnits common, int relativePort, @Nullable ScsiBus bus, @Nullable Supplier<long[]> inventory) {
        this.inventory = inventory;
        this.common = common;
        this.bus = bus;
        this.ports = new int[] {relativePort};
        this.reportLuns = common.reportLuns();
    }

    /**
     * Gives a logical unit a number.
     *
     * @param lun 0 to {@link LunAddress#MAX_LUN}
     * @throws IllegalArgumentException if the number is out of range or taken
     */
    public synchronized void attach(int lun, LogicalUnit unit) {
        checkFree(lun, lun);
        put(lun, unit);
        inventoryChanged();
    }

    /**
     * Gives all numbers from {@code first} to {@code last} to logical units that are made when somebody first asks for
     * them: until then they take no room.
     *
     * @param maker makes the logical unit of a number, any thread's and any target's
     * @throws IllegalArgumentException if a number is out of range or taken
     */
    public synchronized void attach(int first, int last, IntFunction<LogicalUnit> maker) {
        checkFree(first, last);
        Span[] more = Arrays.copyOf(spans, spans.length + 1);
        more[spans.length] = new Span(first, last, maker);
        Arrays.sort(more, Comparator.comparingInt(Span::first));
        spans = more;
        inventoryChanged();
    }

    /**
     * Takes a logical unit away. Commands that it has in flight are up to who owns it.
     *
     * @return false if there is none of that number
     */
    public synchronized boolean detach(int lun) {
        boolean there = isTaken(lun);
        if (there) {
            List<Span> rest = new ArrayList<>();
            for (Span span : spans) {
                span.without(lun, rest);
            }
            spans = rest.toArray(NO_SPANS);
            AtomicReferenceArray<@Nullable LogicalUnit> table = units;
            if (lun < table.length()) {
                table.setRelease(lun, null);
            }
            inventoryChanged();
        }
        return there;
    }

    /** SPC-5, REPORT LUNS: who has talked to one logical unit hears by that one that the list is another. */
    private void inventoryChanged() {
        AtomicReferenceArray<@Nullable LogicalUnit> table = units;
        for (int lun = 0; lun < table.length(); lun++) {
            LogicalUnit unit = table.getAcquire(lun);
            if (unit != null) {
                unit.raise(UnitAttention.REPORTED_LUNS_CHANGED, this);
            }
        }
    }

    private void checkFree(int first, int last) {
        if (first < 0 || last > LunAddress.MAX_LUN || first > last) {
            throw new IllegalArgumentException(
                    "LUN " + (first < 0 ? first : last) + " is not between 0 and " + LunAddress.MAX_LUN + ".");
        }
        for (int lun = first; lun <= last; lun++) {
            if (isTaken(lun)) {
                throw new IllegalArgumentException("LUN " + lun + " is taken.");
            }
        }
    }

    private boolean isTaken(int lun) {
        return made(lun) != null || spanOf(lun) != null;
    }

    private void put(int lun, LogicalUnit unit) {
        unit.attachedTo(ports);
        AtomicReferenceArray<@Nullable LogicalUnit> table = units;
        if (lun >= table.length()) {
            AtomicReferenceArray<@Nullable LogicalUnit> larger =
                    new AtomicReferenceArray<>(Integer.highestOneBit(lun) << 1);
            for (int i = 0; i < table.length(); i++) {
                larger.setPlain(i, table.getPlain(i));
            }
            larger.setPlain(lun, unit);
            units = larger;
        } else {
            table.setRelease(lun, unit);
        }
    }

    /** The logical unit of that number or {@link LunAddress#REPORT_LUNS}, or null if there is none. */
    public @Nullable LogicalUnit unit(int lun) {
        if (lun == LunAddress.REPORT_LUNS) {
            return reportLuns;
        }
        LogicalUnit known = made(lun);
        return known != null || spans.length == 0 ? known : make(lun);
    }

    /** The logical unit of that number as far as it has been made. */
    @Nullable
    LogicalUnit made(int lun) {
        AtomicReferenceArray<@Nullable LogicalUnit> table = units;
        return lun >= 0 && lun < table.length() ? table.getAcquire(lun) : null;
    }

    private synchronized @Nullable LogicalUnit make(int lun) {
        LogicalUnit known = made(lun);
        Span span = spanOf(lun);
        if (known != null || span == null) {
            return known;
        }
        LogicalUnit fresh = span.maker.apply(lun);
        put(lun, fresh);
        return fresh;
    }

    private @Nullable Span spanOf(int lun) {
        for (Span span : spans) {
            if (span.first <= lun && lun <= span.last) {
                return span;
            }
        }
        return null;
    }

    /** True if some logical unit keeps protection information; those that have not been made do not. */
    boolean hasProtection() {
        AtomicReferenceArray<@Nullable LogicalUnit> table = units;
        for (int lun = 0; lun < table.length(); lun++) {
            LogicalUnit unit = table.getAcquire(lun);
            if (unit != null && unit.protectionType() != 0) {
                return true;
            }
        }
        return false;
    }

    /** This target and all others on its bus, this one first. */
    public List<ScsiTarget> neighbours() {
        ScsiBus domain = bus;
        Stream<ScsiTarget> others = domain == null
                ? Stream.empty()
                : IntStream.rangeClosed(0, ScsiBus.MAX_TARGET)
                        .mapToObj(domain::target)
                        .filter(other -> other != null && !equals(other))
                        .map(Objects::requireNonNull);
        return Stream.concat(Stream.of(this), others).toList();
    }

    /** The lowest number of a logical unit that is {@code wanted} and that somebody has talked to; -1 if none is. */
    public int find(Predicate<LogicalUnit> wanted) {
        AtomicReferenceArray<@Nullable LogicalUnit> table = units;
        for (int lun = 0; lun < table.length(); lun++) {
            LogicalUnit unit = table.getAcquire(lun);
            if (unit != null && wanted.test(unit)) {
                return lun;
            }
        }
        return -1;
    }

    /** True if there is no logical unit. */
    public boolean isEmpty() {
        return luns().length == 0;
    }

    /** The numbers in use, in ascending order. */
    public synchronized int[] luns() {
        int beyond = units.length();
        for (Span span : spans) {
            beyond = Math.max(beyond, span.last + 1);
        }
        int[] found = new int[beyond];
        int count = 0;
        int next = 0;
        for (int lun = 0; lun < beyond; lun++) {
            while (next < spans.length && spans[next].last < lun) {
                next++;
            }
            if ((next < spans.length && spans[next].first <= lun) || made(lun) != null) {
                found[count++] = lun;
            }
        }
        return Arrays.copyOf(found, count);
    }

    /** The addresses of its logical units in ascending order, as REPORT LUNS lists them. */
    public long[] addresses() {
        Supplier<long[]> others = inventory;
        return others == null
                ? Arrays.stream(luns()).mapToLong(LunAddress::encode).toArray()
                : others.get();
    }

    /** What it has beside the logical units that are attached to it. */
    TargetUnits common() {
        return common;
    }

    /** The RELATIVE TARGET PORT IDENTIFIER of its port (SPC-5). */
    public int relativePort() {
        return ports[0];
    }

    /** A way for an initiator that has no name to this target. See {@link TransportId#unnamed}. */
    public ItNexus connect(EventLoop loop) {
        return connect(loop, TransportId.unnamed());
    }

    /**
     * A way for an initiator to this target.
     *
     * @param initiatorPort the name of the initiator's port, the same whenever it comes
     */
    public ItNexus connect(EventLoop loop, TransportId initiatorPort) {
        return connect(loop, initiatorPort, AttentionListener.NONE);
    }

    /**
     * A way for an initiator to this target.
     *
     * @param initiatorPort the name of the initiator's port, the same whenever it comes
     * @param listener told of unit attention conditions when they arise
     */
    public ItNexus connect(EventLoop loop, TransportId initiatorPort, AttentionListener listener) {
        return new ItNexus(this, loop, initiatorPort, listener);
    }

    /** Numbers whose logical units are made when they are asked for. */
    private record Span(int first, int last, IntFunction<LogicalUnit> maker) {
        /** Adds what is left when {@code lun} goes. */
        void without(int lun, List<Span> rest) {
            if (lun < first || lun > last) {
                rest.add(this);
                return;
            }
            if (first < lun) {
                rest.add(new Span(first, lun - 1, maker));
            }
            if (lun < last) {
                rest.add(new Span(lun + 1, last, maker));
            }
        }
    }
}
