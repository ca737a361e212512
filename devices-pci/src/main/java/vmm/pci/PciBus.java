package vmm.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;
import vmm.bus.Bus;
import vmm.memory.GuestMemory;

/**
 * PCI bus 0: {@value #SLOTS} slots of {@value #FUNCTIONS} functions, reached by configuration mechanism #1 (PCI 3.0
 * 3.2.2.3.2) at ports 0xCF8 and 0xCFC.
 *
 * <p>One lock guards configuration space and mappings; accesses to what is mapped do not take it. Any thread may call.
 */
public final class PciBus implements AutoCloseable {
    /** How many slots the bus has. */
    public static final int SLOTS = 32;

    /** How many functions a slot has. */
    public static final int FUNCTIONS = 8;

    /** What the guest reads where no function is. */
    private static final int ABSENT = -1;

    private final ReentrantLock lock = new ReentrantLock();
    private final @Nullable PciFunction[] functions = new @Nullable PciFunction[SLOTS * FUNCTIONS];
    private final PirqRouter router;
    private final PirqWires wires;
    private final AddressMap addresses;

    /**
     * An empty bus.
     *
     * @param ports where the bus puts its configuration ports and the ports of its functions
     * @param mmio where the bus puts the memory of its functions
     * @param memory the RAM, which no function may cover
     * @param router where interrupt pins lead
     */
    public PciBus(Bus ports, Bus mmio, GuestMemory memory, PirqRouter router) {
        this.router = router;
        this.wires = new PirqWires(router);
        this.addresses = new AddressMap(ports, mmio, memory);
        ConfigPorts configPorts = new ConfigPorts(this);
        ports.add(configPorts.addressRange());
        ports.add(configPorts.dataRange());
    }

    /**
     * Puts a function in its place.
     *
     * @param slot 0 to 31
     * @param number 0 to 7
     * @throws IllegalArgumentException if there is no such place or another function has it
     */
    public void add(int slot, int number, PciFunction function) {
        if (slot < 0 || slot >= SLOTS || number < 0 || number >= FUNCTIONS) {
            throw new IllegalArgumentException("There is no slot " + slot + ", function " + number + " on a PCI bus.");
        }
        lock.lock();
        try {
            PciFunction other = at(slot, number);
            if (other != null) {
                throw new IllegalArgumentException("%02x.%d is taken by %s already."
                        .formatted(slot, number, other.identity().name()));
            }
            functions[slot * FUNCTIONS + number] = function;
            function.connect(wires, slot);
            markMultiFunction(slot);
            addresses.update(present());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes all functions of a slot away: the guest reaches none of them any more, but for an access that has begun.
     *
     * @return what was there, to be {@linkplain PciFunction#retire retired} and then closed by the caller
     */
    public List<PciFunction> remove(int slot) {
        lock.lock();
        try {
            List<PciFunction> gone = new ArrayList<>();
            for (int number = 0; number < FUNCTIONS; number++) {
                PciFunction function = at(slot, number);
                if (function != null) {
                    functions[slot * FUNCTIONS + number] = null;
                    addresses.remove(function);
                    gone.add(function);
                }
            }
            // Others may have waited for the addresses.
            addresses.update(present());
            return gone;
        } finally {
            lock.unlock();
        }
    }

    /** True if a slot has a function 0, without which a guest does not look at the others. */
    public boolean isExposed(int slot) {
        lock.lock();
        try {
            return at(slot, 0) != null;
        } finally {
            lock.unlock();
        }
    }

    /** PCI 3.0 6.2.1: software looks at functions above 0 only if function 0 says that there are some. */
    private void markMultiFunction(int slot) {
        PciFunction first = at(slot, 0);
        for (int number = 1; number < FUNCTIONS; number++) {
            if (first != null && at(slot, number) != null) {
                first.setMultiFunction();
            }
        }
    }

    /**
     * Reads configuration space as the guest does, side effects included.
     *
     * @param offset with {@code size} inside the 256 bytes
     * @param size 1, 2 or 4
     * @return zero-extended; all ones if there is no such function
     */
    public int readConfig(int slot, int number, int offset, int size) {
        lock.lock();
        try {
            PciFunction function = at(slot, number);
            int value = function == null ? ABSENT >>> (Integer.SIZE - size * 8) : function.readConfig(offset, size);
            record(slot, number, offset, size, value, false);
            return value;
        } finally {
            lock.unlock();
        }
    }

    private static void record(int slot, int function, int register, int size, int value, boolean write) {
        // Until something records, the class of the event is not even loaded: the first of them takes the JVM long.
        if (FlightRecorder.isInitialized()) {
            ConfigAccess.record(slot, function, register, size, value, write);
        }
    }

    /** Writes configuration space as the guest does. See {@link #readConfig}. */
    public void writeConfig(int slot, int number, int offset, int size, int value) {
        lock.lock();
        try {
            record(slot, number, offset, size, value, true);
            PciFunction function = at(slot, number);
            if (function != null) {
                function.writeConfig(offset, size, value);
                addresses.update(present());
                function.configWritten(offset, size);
            }
        } finally {
            lock.unlock();
        }
    }

    /** A description of every function, by slot and number. */
    public List<FunctionInfo> functions() {
        lock.lock();
        try {
            List<FunctionInfo> infos = new ArrayList<>();
            for (int place = 0; place < functions.length; place++) {
                PciFunction function = functions[place];
                if (function != null) {
                    infos.add(FunctionInfo.of(place / FUNCTIONS, place % FUNCTIONS, function));
                }
            }
            return infos;
        } finally {
            lock.unlock();
        }
    }

    /** The ISA interrupt that a function's pin leads to at the moment, or {@link PirqRouter#NOT_ROUTED}. */
    public int irq(int slot, int interruptPin) {
        return router.irq(pirq(slot, interruptPin));
    }

    /**
     * The wire that a pin is soldered to: slot 1's INTA# to PIRQA, and one further with each pin and each slot.
     *
     * @param interruptPin 1 for INTA# to 4 for INTD#
     * @return 0 for PIRQA to 3 for PIRQD
     */
    public static int pirq(int slot, int interruptPin) {
        return (slot - 1 + interruptPin - 1) & (PirqWires.COUNT - 1);
    }

    /** Resets every function. No vCPU may run. */
    public void reset() {
        lock.lock();
        try {
            for (PciFunction function : present()) {
                function.reset();
            }
            addresses.update(present());
            for (PciFunction function : present()) {
                function.onReset();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Lets every function set what firmware would have set. */
    void configureWithoutFirmware() {
        lock.lock();
        try {
            for (PciFunction function : present()) {
                function.configureWithoutFirmware();
            }
            addresses.update(present());
        } finally {
            lock.unlock();
        }
    }

    /** Takes all functions' ranges off the buses and closes them. After every vCPU and worker has ended. */
    @Override
    public void close() {
        lock.lock();
        try {
            for (PciFunction function : present()) {
                addresses.remove(function);
                function.close();
            }
        } finally {
            lock.unlock();
        }
    }

    private @Nullable PciFunction at(int slot, int number) {
        return functions[slot * FUNCTIONS + number];
    }

    private List<PciFunction> present() {
        List<PciFunction> present = new ArrayList<>();
        for (PciFunction function : functions) {
            if (function != null) {
                present.add(function);
            }
        }
        return present;
    }
}
