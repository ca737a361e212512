package vmm.pci;

import vmm.bus.Bus;
import vmm.bus.BusDevice;

/** The two registers of configuration mechanism #1 (PCI 3.0 3.2.2.3.2). */
final class ConfigPorts {
    private static final int ADDRESS_PORT = 0xcf8;
    private static final int DATA_PORT = 0xcfc;
    private static final int ENABLE = 1 << 31;
    private static final int ADDRESS_BITS = 0x80ff_fffc;

    private final PciBus bus;
    private volatile int address;

    ConfigPorts(PciBus bus) {
        this.bus = bus;
    }

    /**
     * CONFIG_ADDRESS. It is a register only to 32-bit accesses, which all begin at its first port: the three ports that
     * follow stay free for others, as the reset control at 0xCF9.
     */
    Bus.Range addressRange() {
        return new Bus.Range(ADDRESS_PORT, 1, "PCI configuration address", new Address());
    }

    /** CONFIG_DATA: the 32-bit register that the address selects, accessed in any part. */
    Bus.Range dataRange() {
        return new Bus.Range(DATA_PORT, Integer.BYTES, "PCI configuration data", new Data());
    }

    private final class Address implements BusDevice {
        @Override
        public long read(long offset, int size) {
            return size == Integer.BYTES ? address : -1;
        }

        @Override
        public void write(long offset, int size, long value) {
            if (size == Integer.BYTES) {
                address = (int) value & ADDRESS_BITS;
            }
        }
    }

    private final class Data implements BusDevice {
        @Override
        public long read(long offset, int size) {
            int selected = address;
            if (!onThisBus(selected)) {
                return -1;
            }
            long value = -1;
            // What reaches past the register goes to ports where nobody answers.
            for (int done = 0; done < size && offset + done < Integer.BYTES; ) {
                int length = part((int) offset + done, size - done);
                int shift = done * Byte.SIZE;
                long mask = (1L << (length * Byte.SIZE)) - 1;
                long read =
                        bus.readConfig(slot(selected), function(selected), register(selected, offset + done), length);
                value = (value & ~(mask << shift)) | ((read & mask) << shift);
                done += length;
            }
            return value;
        }

        @Override
        public void write(long offset, int size, long value) {
            int selected = address;
            if (!onThisBus(selected)) {
                return;
            }
            for (int done = 0; done < size && offset + done < Integer.BYTES; ) {
                int length = part((int) offset + done, size - done);
                int shifted = (int) (value >>> (done * Byte.SIZE));
                bus.writeConfig(slot(selected), function(selected), register(selected, offset + done), length, shifted);
                done += length;
            }
        }
    }

    /** The largest aligned piece of an access that begins at {@code offset} of the register. */
    private static int part(int offset, int size) {
        if (offset == 0 && size >= 4) {
            return 4;
        }
        return offset % 2 == 0 && size >= 2 ? 2 : 1;
    }

    private static boolean onThisBus(int address) {
        return (address & ENABLE) != 0 && ((address >>> 16) & 0xff) == 0;
    }

    private static int slot(int address) {
        return (address >>> 11) & 0x1f;
    }

    private static int function(int address) {
        return (address >>> 8) & 7;
    }

    private static int register(int address, long offset) {
        return (address & 0xfc) + (int) offset;
    }
}
