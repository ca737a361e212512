package vmm.pci;

import vmm.bus.Bus;

/** Accesses configuration space as a guest does: by ports 0xCF8 and 0xCFC. */
public final class ConfigPortDriver {
    private final Bus ports;

    public ConfigPortDriver(Bus ports) {
        this.ports = ports;
    }

    public int read(int slot, int function, int offset, int size) {
        select(slot, function, offset);
        return (int) ports.read(0xcfc + (offset & 3), size);
    }

    public void write(int slot, int function, int offset, int size, int value) {
        select(slot, function, offset);
        ports.write(0xcfc + (offset & 3), size, value & (0xffff_ffffL >>> (32 - 8 * size)));
    }

    private void select(int slot, int function, int offset) {
        ports.write(0xcf8, 4, 0x8000_0000L | (slot << 11) | (function << 8) | (offset & 0xfc));
    }
}
