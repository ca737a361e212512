package vmm.platform;

import vmm.bus.BusDevice;

/** A device on the eight-bit part of the ISA bus: a wider access is that many accesses to successive ports. */
interface BytePorts extends BusDevice {
    /**
     * Answers a read of one port.
     *
     * @param offset ports from the start of the range; may lie past its end
     * @return 0 to 255
     */
    int readByte(int offset);

    /**
     * Takes a write to one port.
     *
     * @param offset ports from the start of the range; may lie past its end
     * @param value 0 to 255
     */
    void writeByte(int offset, int value);

    @Override
    default long read(long offset, int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (readByte((int) offset + i) & 0xFFL) << (i * Byte.SIZE);
        }
        return value;
    }

    @Override
    default void write(long offset, int size, long value) {
        for (int i = 0; i < size; i++) {
            writeByte((int) offset + i, (int) (value >>> (i * Byte.SIZE)) & 0xFF);
        }
    }
}
