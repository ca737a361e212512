package vmm.pci;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.bus.BusDevice;
import vmm.irq.IrqLine;

/**
 * One function of the bus: a type 0 configuration header (PCI 3.0 6.1), base address registers, a capability list, an
 * interrupt pin, MSI-X.
 *
 * <p>A subclass describes itself in its constructor and reacts in the hooks. The bus calls all hooks under its lock, on
 * the thread of whichever vCPU made the access: they must not wait for another vCPU, nor for a worker that might take
 * the lock of the bus.
 */
public abstract class PciFunction implements AutoCloseable {
    private static final int CAPABILITIES_START = 0x40;
    private static final int COMMAND_PARITY = 1 << 6;
    private static final int COMMAND_SERR = 1 << 8;
    /** Status: master data parity error, and the five error bits on top. */
    private static final int STATUS_ERRORS = 0xf900;

    private static final int CAPABILITY_MSIX = 0x11;
    private static final int MSIX_FUNCTION_MASK = 1 << 14;
    private static final int MSIX_ENABLE = 1 << 15;

    private final PciIdentity identity;
    private final ConfigSpace config = new ConfigSpace();
    private final List<AddressDecoder> decoders = new ArrayList<>();
    private final InterruptPin pin = new InterruptPin();
    private int nextCapability = CAPABILITIES_START;
    private @Nullable Msix msix;
    private int msixControl;

    /** A function without BARs, capabilities or interrupt pin. */
    protected PciFunction(PciIdentity identity) {
        this.identity = identity;
        config.define(ConfigSpace.VENDOR_ID, 2, identity.vendorId(), 0);
        config.define(ConfigSpace.DEVICE_ID, 2, identity.deviceId(), 0);
        config.define(ConfigSpace.REVISION_ID, 4, (identity.classCode() << 8) | identity.revision(), 0);
        config.define(ConfigSpace.SUBSYSTEM_VENDOR_ID, 2, identity.subsystemVendorId(), 0);
        config.define(ConfigSpace.SUBSYSTEM_ID, 2, identity.subsystemId(), 0);
        config.define(
                ConfigSpace.COMMAND,
                2,
                0,
                ConfigSpace.COMMAND_IO
                        | ConfigSpace.COMMAND_MEMORY
                        | ConfigSpace.COMMAND_MASTER
                        | COMMAND_PARITY
                        | COMMAND_SERR
                        | ConfigSpace.COMMAND_INTERRUPT_DISABLE);
        config.defineWriteOneToClear(ConfigSpace.STATUS, 2, STATUS_ERRORS);
        config.define(ConfigSpace.CACHE_LINE_SIZE, 1, 0, 0xff);
        config.define(ConfigSpace.LATENCY_TIMER, 1, 0, 0xff);
        config.define(ConfigSpace.INTERRUPT_LINE, 1, 0, 0xff);
    }

    /** What the function says it is. */
    public final PciIdentity identity() {
        return identity;
    }

    /** The configuration space. Under the lock of the bus, or before the function is on one. */
    protected final ConfigSpace config() {
        return config;
    }

    /** Adds a base address register whose range {@code device} answers. */
    protected final Bar addBar(int index, Bar.Kind kind, long size, BusDevice device) {
        for (AddressDecoder decoder : decoders) {
            if (decoder instanceof Bar other
                    && index < other.index() + other.kind().registers()
                    && other.index() < index + kind.registers()) {
                throw new IllegalArgumentException("BAR " + index + " of " + identity.name() + " exists already.");
            }
        }
        Bar bar = new Bar(config, index, kind, size, identity.name() + " BAR " + index, device);
        decoders.add(bar);
        return bar;
    }

    /** Adds a range that another register than a BAR places. */
    protected final void addDecoder(AddressDecoder decoder) {
        decoders.add(decoder);
    }

    /**
     * Adds a capability at the head of the list (PCI 3.0 6.7): read-only, until the caller defines some of it
     * otherwise.
     *
     * @param id of the capability
     * @param body what follows the identifier and the pointer to the next capability
     * @return where in configuration space it begins
     */
    protected final int addCapability(int id, byte[] body) {
        int offset = nextCapability;
        int end = offset + 2 + body.length;
        if (end > ConfigSpace.SIZE) {
            throw new IllegalArgumentException("No room for another capability of " + identity.name() + ".");
        }
        config.define(offset, 1, id, 0);
        config.define(offset + 1, 1, config.read(ConfigSpace.CAPABILITIES_POINTER, 1), 0);
        for (int i = 0; i < body.length; i++) {
            config.define(offset + 2 + i, 1, body[i], 0);
        }
        config.define(ConfigSpace.CAPABILITIES_POINTER, 1, offset, 0);
        config.define(ConfigSpace.STATUS, 2, config.read(ConfigSpace.STATUS, 2) | ConfigSpace.STATUS_CAPABILITIES, 0);
        nextCapability = (end + 3) & ~3;
        return offset;
    }

    /** Adds the MSI-X capability (PCI 3.0 6.8.2), with its table and pending bits in a 32-bit BAR of their own. */
    protected final void addMsix(int barIndex, Msix newMsix) {
        addBar(barIndex, Bar.Kind.MEMORY_32, newMsix.size(), newMsix);
        byte[] body = new byte[10];
        body[0] = (byte) (newMsix.vectors() - 1);
        body[1] = (byte) ((newMsix.vectors() - 1) >> 8);
        int pba = newMsix.pendingBitsOffset() | barIndex;
        body[2] = (byte) barIndex;
        for (int i = 0; i < 4; i++) {
            body[6 + i] = (byte) (pba >> (i * Byte.SIZE));
        }
        int offset = addCapability(CAPABILITY_MSIX, body);
        msixControl = offset + 2;
        config.define(msixControl, 2, newMsix.vectors() - 1, MSIX_ENABLE | MSIX_FUNCTION_MASK);
        msix = newMsix;
    }

    /**
     * Gives the function an interrupt pin and returns its wire, which any thread may drive.
     *
     * @param number 1 for INTA# to 4 for INTD#
     */
    protected final IrqLine addInterruptPin(int number) {
        config.define(ConfigSpace.INTERRUPT_PIN, 1, number, 0);
        return pin;
    }

    /** The guest is about to read these bytes: the place to bring registers up to date. */
    protected void configReading(int offset, int size) {}

    /** The guest has written these bytes, and mappings and MSI-X follow them already. */
    protected void configWritten(int offset, int size) {}

    /** A range of this function was mapped at {@link AddressDecoder#address}, or unmapped. */
    protected void mappingChanged(AddressDecoder decoder) {}

    /** The bus was reset: configuration space is as at first, and nothing is mapped. */
    protected void onReset() {}

    /** Sets the registers that belong to firmware, for a machine that runs none. */
    protected void configureWithoutFirmware() {}

    /**
     * The function has left its bus for good: stops what it does for its driver, and does nothing any more, whatever an
     * access that had begun may still want. Waits for what is in flight; not under the lock of the bus.
     */
    public void retire() {
        // Most do nothing by themselves.
    }

    /**
     * Gives back what the function holds of the host. Called once, after every worker has ended, and every vCPU or
     * {@link #retire}.
     */
    @Override
    public void close() {
        if (msix != null) {
            msix.close();
        }
    }

    final List<AddressDecoder> decoders() {
        return Collections.unmodifiableList(decoders);
    }

    final void connect(PirqWires wires, int slot) {
        int number = config.read(ConfigSpace.INTERRUPT_PIN, 1);
        if (number != 0) {
            pin.connect(wires, PciBus.pirq(slot, number));
        }
    }

    final void setMultiFunction() {
        config.define(ConfigSpace.HEADER_TYPE, 1, 0x80, 0);
    }

    final int readConfig(int offset, int size) {
        configReading(offset, size);
        int status = config.read(ConfigSpace.STATUS, 2) & ~ConfigSpace.STATUS_INTERRUPT;
        config.set(ConfigSpace.STATUS, 2, pin.pending() ? status | ConfigSpace.STATUS_INTERRUPT : status);
        return config.read(offset, size);
    }

    /** Writes and follows the registers that every function has. Mappings are for the caller to update. */
    final void writeConfig(int offset, int size, int value) {
        config.write(offset, size, value);
        followRegisters();
    }

    final void reset() {
        config.reset();
        if (msix != null) {
            msix.reset();
        }
        followRegisters();
    }

    private void followRegisters() {
        pin.setDisabled((config.read(ConfigSpace.COMMAND, 2) & ConfigSpace.COMMAND_INTERRUPT_DISABLE) != 0);
        if (msix != null) {
            int control = config.read(msixControl, 2);
            msix.control((control & MSIX_ENABLE) != 0, (control & MSIX_FUNCTION_MASK) != 0);
        }
    }
}
