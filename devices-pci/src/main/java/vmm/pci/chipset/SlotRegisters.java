package vmm.pci.chipset;

import vmm.bus.Bus;
import vmm.bus.BusDevice;

/**
 * What the ACPI tables' methods for slots look at: five registers of 32 bits, the first four with a bit for each slot
 * of the bus. These are where QEMU has them on its PIIX4, which is what people who look at ports expect; no guest knows
 * them but by those methods.
 *
 * <ul>
 *   <li>0, {@code inserted}: the slots that were filled since it was last read, which clears it
 *   <li>4, {@code requested}: the slots that are to be emptied, likewise
 *   <li>8, {@code eject}: written, the slots that the guest has let go of; reads 0
 *   <li>12, {@code removable}: the slots that can be emptied
 *   <li>16, {@code status}, which QEMU does not have: written, what the guest reports of a slot by _OST (ACPI 6.5
 *       6.3.5): the slot in bits 24 to 31, the low byte of the source event in bits 16 to 23, the status code below;
 *       reads 0
 * </ul>
 *
 * <p>Any thread may call.
 */
public final class SlotRegisters implements BusDevice {
    /** Where the registers are. */
    public static final int PORT = 0xAE00;

    /** How many ports they take. */
    public static final int PORTS = 20;

    /** The general-purpose event that tells of a change. */
    public static final int GPE = 1;

    private static final int SLOTS = 32;
    private static final int INSERTED = 0;
    private static final int REQUESTED = 4;
    private static final int EJECT = 8;
    private static final int REMOVABLE = 12;
    private static final int STATUS = 16;

    /** Where in {@code status} the slot is. */
    public static final int STATUS_SLOT_SHIFT = 24;

    /** Where in {@code status} the source event is. */
    public static final int STATUS_SOURCE_SHIFT = 16;

    private final SlotEvents events;
    private final Runnable changed;

    private int inserted;
    private int requested;
    private int removable;

    /**
     * Registers of slots that stay as they are.
     *
     * @param events told what the guest ejects
     * @param changed raises {@link #GPE}
     */
    public SlotRegisters(SlotEvents events, Runnable changed) {
        this.events = events;
        this.changed = changed;
    }

    /** Puts the registers at {@link #PORT}. */
    public void attach(Bus ports) {
        ports.add(PORT, PORTS, "PCI slots", this);
    }

    /** Says that a slot can be emptied, or not. */
    public synchronized void setRemovable(int slot, boolean can) {
        removable = can ? removable | bit(slot) : removable & ~bit(slot);
    }

    /** Tells the guest that there is something new in a slot. */
    public void insert(int slot) {
        synchronized (this) {
            inserted |= bit(slot);
        }
        changed.run();
    }

    /** Asks the guest to let go of what is in a slot. */
    public void requestEjection(int slot) {
        synchronized (this) {
            requested |= bit(slot);
        }
        changed.run();
    }

    private static int bit(int slot) {
        if (slot < 0 || slot >= SLOTS) {
            throw new IllegalArgumentException("There is no slot " + slot + ".");
        }
        return 1 << slot;
    }

    /** Registers are read as a whole; another access finds nothing. */
    @Override
    public synchronized long read(long offset, int size) {
        if (size != Integer.BYTES) {
            return 0;
        }
        return switch ((int) offset) {
            case INSERTED -> {
                int slots = inserted;
                inserted = 0;
                yield Integer.toUnsignedLong(slots);
            }
            case REQUESTED -> {
                int slots = requested;
                requested = 0;
                yield Integer.toUnsignedLong(slots);
            }
            case REMOVABLE -> Integer.toUnsignedLong(removable);
            default -> 0;
        };
    }

    @Override
    public void write(long offset, int size, long value) {
        if (size != Integer.BYTES) {
            return;
        }
        if (offset == EJECT) {
            eject((int) value);
        } else if (offset == STATUS) {
            report((int) value);
        }
    }

    private void report(int value) {
        int slot = value >>> STATUS_SLOT_SHIFT;
        if (slot < SLOTS) {
            events.reported(slot, (value >>> STATUS_SOURCE_SHIFT) & 0xff, value & 0xffff);
        }
    }

    private void eject(int value) {
        int slots;
        synchronized (this) {
            slots = value & removable;
        }
        for (int slot = 0; slot < SLOTS; slot++) {
            if ((slots & bit(slot)) != 0) {
                events.ejected(slot);
            }
        }
    }
}
