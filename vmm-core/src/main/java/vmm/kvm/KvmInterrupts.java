package vmm.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Objects;
import java.util.TreeMap;
import vmm.irq.IrqLine;
import vmm.irq.MsiRoute;
import vmm.irq.MsiRouter;
import vmm.kvm.KvmAbi.IrqFd;
import vmm.kvm.KvmAbi.IrqLevel;
import vmm.kvm.KvmAbi.IrqRouting;
import vmm.linux.Descriptor;
import vmm.linux.EventFd;
import vmm.linux.HostException;

/**
 * The interrupt controllers in the kernel: 24 wires, and as many messages as there are routes left.
 *
 * <p>A global system interrupt (GSI) below 24 is a wire; the lower 16 reach both the 8259 pair and the I/O APIC, as on
 * a PC. Higher ones carry a message each. Any thread may call.
 */
public final class KvmInterrupts implements MsiRouter {
    /** The number of wires: pins of the I/O APIC. */
    public static final int WIRES = 24;

    private static final int ISA_WIRES = 16;
    private static final int CASCADE = 2;

    /** The message of a GSI as three words: address low, address high, data. */
    private record Message(int addressLow, int addressHigh, int data) {}

    private final Descriptor machine;
    private final int mostRoutes;
    private final TreeMap<Integer, Message> messages = new TreeMap<>();
    private final BitSet taken = new BitSet();

    KvmInterrupts(Descriptor machine, int mostRoutes) {
        this.machine = machine;
        this.mostRoutes = mostRoutes;
        taken.set(0, WIRES);
    }

    /**
     * A wire.
     *
     * @param gsi from 0 to 23; below 16 it is also an ISA interrupt
     */
    public IrqLine line(int gsi) {
        Objects.checkIndex(gsi, WIRES);
        MemorySegment high = irqLevel(gsi, 1);
        MemorySegment low = irqLevel(gsi, 0);
        return level -> machine.ioctl(KvmAbi.KVM_IRQ_LINE, level ? high : low);
    }

    private static MemorySegment irqLevel(int gsi, int level) {
        MemorySegment structure = Arena.ofAuto().allocate(IrqLevel.SIZE, Integer.BYTES);
        structure.set(JAVA_INT, IrqLevel.IRQ, gsi);
        structure.set(JAVA_INT, IrqLevel.LEVEL, level);
        return structure;
    }

    @Override
    public synchronized MsiRoute allocate() {
        int gsi = taken.nextClearBit(WIRES);
        // The wires take more than one entry of the table each, at most two.
        if (gsi + ISA_WIRES >= mostRoutes) {
            throw new HostException("The guest's devices ask for more than the " + (mostRoutes - WIRES - ISA_WIRES)
                    + " interrupt messages that KVM routes: give the machine fewer devices or fewer queues.");
        }
        EventFd source = EventFd.create();
        int result = irqFd(gsi, source, 0);
        if (result < 0) {
            source.close();
            throw HostException.ofErrno("connect an interrupt message", -result);
        }
        taken.set(gsi);
        return new Route(gsi, source);
    }

    private int irqFd(int gsi, EventFd source, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment structure = arena.allocate(IrqFd.SIZE, Long.BYTES);
            structure.set(JAVA_INT, IrqFd.FD, source.fd());
            structure.set(JAVA_INT, IrqFd.GSI, gsi);
            structure.set(JAVA_INT, IrqFd.FLAGS, flags);
            return machine.ioctl(KvmAbi.KVM_IRQFD, structure);
        }
    }

    private synchronized void update(int gsi, Message message) {
        if (message.equals(messages.put(gsi, message))) {
            return;
        }
        install();
    }

    private synchronized void release(int gsi, EventFd source) {
        irqFd(gsi, source, IrqFd.FLAG_DEASSIGN);
        source.close();
        if (messages.remove(gsi) != null) {
            install();
        }
        taken.clear(gsi);
    }

    /** Gives the kernel the whole table: it knows no smaller change. */
    private void install() {
        try (Arena arena = Arena.ofConfined()) {
            int most = 2 * ISA_WIRES + WIRES + messages.size();
            MemorySegment table =
                    arena.allocate(IrqRouting.HEADER_SIZE + (long) most * IrqRouting.ENTRY_SIZE, Long.BYTES);
            int count = 0;
            for (int gsi = 0; gsi < WIRES; gsi++) {
                if (gsi < ISA_WIRES && gsi != CASCADE) {
                    int chip = gsi < 8 ? IrqRouting.PIC_MASTER : IrqRouting.PIC_SLAVE;
                    wire(entry(table, count++), gsi, chip, gsi & 7);
                }
                // The timer's wire is pin 2 of the I/O APIC, as the MADT says.
                if (gsi != CASCADE) {
                    wire(entry(table, count++), gsi, IrqRouting.IOAPIC, gsi == 0 ? CASCADE : gsi);
                }
            }
            for (var each : messages.entrySet()) {
                MemorySegment entry = entry(table, count++);
                Message message = each.getValue();
                entry.set(JAVA_INT, IrqRouting.GSI, each.getKey());
                entry.set(JAVA_INT, IrqRouting.TYPE, IrqRouting.TYPE_MSI);
                entry.set(JAVA_INT, IrqRouting.ADDRESS_LO, message.addressLow);
                entry.set(JAVA_INT, IrqRouting.ADDRESS_HI, message.addressHigh);
                entry.set(JAVA_INT, IrqRouting.DATA, message.data);
            }
            table.set(JAVA_INT, IrqRouting.NR, count);
            Kvm.expect(machine.ioctl(KvmAbi.KVM_SET_GSI_ROUTING, table), "route interrupt messages");
        }
    }

    private static MemorySegment entry(MemorySegment table, int index) {
        return table.asSlice(IrqRouting.HEADER_SIZE + (long) index * IrqRouting.ENTRY_SIZE, IrqRouting.ENTRY_SIZE);
    }

    private static void wire(MemorySegment entry, int gsi, int chip, int pin) {
        entry.set(JAVA_INT, IrqRouting.GSI, gsi);
        entry.set(JAVA_INT, IrqRouting.TYPE, IrqRouting.TYPE_IRQCHIP);
        entry.set(JAVA_INT, IrqRouting.IRQCHIP, chip);
        entry.set(JAVA_INT, IrqRouting.PIN, pin);
    }

    /** One GSI with its irqfd. */
    private final class Route implements MsiRoute {
        private final int gsi;
        private final EventFd source;

        Route(int gsi, EventFd source) {
            this.gsi = gsi;
            this.source = source;
        }

        @Override
        public void update(long address, int data) {
            KvmInterrupts.this.update(gsi, new Message((int) address, (int) (address >>> 32), data));
        }

        @Override
        public void signal() {
            source.signal();
        }

        @Override
        public void close() {
            release(gsi, source);
        }
    }
}
