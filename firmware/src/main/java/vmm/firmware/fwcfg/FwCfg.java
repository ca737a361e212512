package vmm.firmware.fwcfg;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.bus.Bus;
import vmm.bus.BusDevice;
import vmm.linux.HostException;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;

/**
 * The fw_cfg device at its ports of a PC (QEMU's docs/specs/fw_cfg.rst): a selector and a data register, and an address
 * register that starts a transfer between the selected item and guest memory. All items are read-only.
 *
 * <p>Any vCPU thread may call. A transfer is over when the write that starts it returns; one that reaches outside RAM,
 * or that the host cannot read, sets the error bit.
 */
public final class FwCfg {
    /** The selector register, 16 bits; the data register, 8 bits, is the next port. */
    public static final int PORT = 0x510;

    /** How many ports there are from {@link #PORT} to the end of the address register. */
    public static final int PORTS = 12;

    private static final int DATA = 1;
    private static final int REGISTERS = 2;
    private static final int DMA_PORT = 0x514;
    private static final int DMA_PORTS = 8;

    private static final byte[] SIGNATURE = "QEMU".getBytes(StandardCharsets.US_ASCII);
    private static final int ID_TRADITIONAL = 1;
    private static final int ID_DMA = 2;

    /** What the address register reads: QEMU CFG, its first character in the lowest byte. */
    private static final long DMA_SIGNATURE = 0x4746_4320_554d_4551L;

    /** Bit 14 of a key asks for an item to be written, which none can be. */
    private static final int KEY_WRITE = 0x4000;

    // struct FWCfgDmaAccess, big-endian
    private static final int CONTROL = 0;
    private static final int LENGTH = 4;
    private static final int ADDRESS = 8;

    private static final int CONTROL_ERROR = 1;
    private static final int CONTROL_READ = 1 << 1;
    private static final int CONTROL_SKIP = 1 << 2;
    private static final int CONTROL_SELECT = 1 << 3;
    private static final int CONTROL_WRITE = 1 << 4;

    private static final Logger log = LoggerFactory.getLogger(FwCfg.class);
    private static final Content NOTHING = Content.of(new byte[0]);

    private final GuestMemory memory;
    private final Map<Integer, Content> items;

    private Content selected = NOTHING;
    private long position;

    private boolean complained;

    /** The upper half of the address register. */
    private long addressHigh;

    /** A device that offers {@code items}, signature and features besides. */
    public FwCfg(GuestMemory memory, Items items) {
        this.memory = memory;
        items.add(Key.SIGNATURE, Content.of(SIGNATURE)).add(Key.ID, Content.u32(ID_TRADITIONAL | ID_DMA));
        this.items = items.byKey();
    }

    /** Puts the device at its ports. */
    public void attach(Bus ports) {
        ports.add(PORT, REGISTERS, "fw-cfg", new Registers());
        ports.add(DMA_PORT, DMA_PORTS, "fw-cfg-dma", new Dma());
    }

    private synchronized void select(int key) {
        selected = items.getOrDefault(key & ~KEY_WRITE, NOTHING);
        position = 0;
    }

    private synchronized int nextByte() {
        try {
            return position < selected.size() ? selected.byteAt(position++) : 0;
        } catch (HostException unreadable) {
            complain(unreadable);
            return 0;
        }
    }

    /** Once, since the guest may try as often as it likes. */
    private void complain(HostException unreadable) {
        if (!complained) {
            complained = true;
            log.warn("A fw_cfg item cannot be read: {}", unreadable.getMessage());
        }
    }

    private synchronized void setAddressHigh(long value) {
        addressHigh = value;
    }

    private synchronized void start(long addressLow) {
        long access = addressHigh << Integer.SIZE | addressLow;
        addressHigh = 0;
        try {
            // Each field is read once: the guest's other processors may write here meanwhile.
            int control = Integer.reverseBytes(memory.getInt(access + CONTROL));
            long length = Integer.reverseBytes(memory.getInt(access + LENGTH)) & 0xffff_ffffL;
            long address = Long.reverseBytes(memory.getLong(access + ADDRESS));
            int result = transfer(control, length, address) ? 0 : CONTROL_ERROR;
            memory.putInt(access + CONTROL, Integer.reverseBytes(result));
        } catch (GuestFaultException noSuchMemory) {
            log.debug("A fw_cfg transfer is described nowhere: {}", noSuchMemory.getMessage());
        }
    }

    private boolean transfer(int control, long length, long address) {
        if ((control & CONTROL_SELECT) != 0) {
            select(control >>> Short.SIZE);
        }
        if ((control & CONTROL_READ) != 0) {
            return read(length, address);
        }
        if ((control & CONTROL_WRITE) != 0) {
            return false;
        }
        if ((control & CONTROL_SKIP) != 0) {
            advance(length);
        }
        return true;
    }

    /** Past the end of an item there are zeros. */
    private boolean read(long length, long address) {
        if (!memory.contains(address, length)) {
            return false;
        }
        long data = Math.clamp(selected.size() - position, 0, length);
        try {
            if (data > 0) {
                selected.copyTo(memory, address, position, data);
            }
        } catch (HostException unreadable) {
            complain(unreadable);
            return false;
        }
        memory.slice(address + data, length - data).fill((byte) 0);
        advance(length);
        return true;
    }

    /** No further than to the end, so that no number of transfers turns the position over. */
    private void advance(long length) {
        position = Math.min(position + length, selected.size());
    }

    /** Selector and data. */
    private final class Registers implements BusDevice {
        @Override
        public long read(long offset, int size) {
            long value = 0;
            for (int i = 0; i < size; i++) {
                value |= (long) nextByte() << (i * Byte.SIZE);
            }
            return value;
        }

        @Override
        public void write(long offset, int size, long value) {
            if (offset < DATA && size == Short.BYTES) {
                select((int) value);
            }
        }
    }

    /** The address register, big-endian: a write to its lower half, which is the second, starts a transfer. */
    private final class Dma implements BusDevice {
        @Override
        public long read(long offset, int size) {
            return DMA_SIGNATURE >>> (offset * Byte.SIZE);
        }

        @Override
        public void write(long offset, int size, long value) {
            if (size != Integer.BYTES) {
                return;
            }
            long half = Integer.reverseBytes((int) value) & 0xffff_ffffL;
            if (offset == 0) {
                setAddressHigh(half);
            } else if (offset == Integer.BYTES) {
                start(half);
            }
        }
    }
}
