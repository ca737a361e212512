package vmm.firmware.fwcfg;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import vmm.firmware.boot.BootFile;
import vmm.memory.GuestMemory;

/** The bytes of an item. Any thread may read. */
public interface Content {
    /** How many they are, at most 4 GiB less one. */
    long size();

    /**
     * Copies bytes into guest memory.
     *
     * @param address guest physical; the caller has checked that so much RAM is there
     * @param position of the first byte; {@code length} bytes from it are inside the item
     * @throws vmm.linux.HostException if the host cannot read them
     */
    void copyTo(GuestMemory memory, long address, long position, long length);

    /**
     * One byte, 0 to 255.
     *
     * @param position inside the item
     * @throws vmm.linux.HostException if the host cannot read it
     */
    int byteAt(long position);

    /** These bytes, which nobody changes. */
    static Content of(byte[] bytes) {
        return new Content() {
            @Override
            public long size() {
                return bytes.length;
            }

            @Override
            public void copyTo(GuestMemory memory, long address, long position, long length) {
                memory.write(address, bytes, (int) position, (int) length);
            }

            @Override
            public int byteAt(long position) {
                return bytes[(int) position] & 0xff;
            }
        };
    }

    /**
     * Bytes that are made when the guest first asks for them.
     *
     * @param size how many they will be
     * @param bytes called once, by the thread that reads first
     */
    static Content late(int size, Supplier<byte[]> bytes) {
        return new LateContent(size, bytes);
    }

    /** A text, in UTF-8, without a zero at its end. */
    static Content text(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** 16 bits, little-endian. */
    static Content u16(int value) {
        return of(new byte[] {(byte) value, (byte) (value >> Byte.SIZE)});
    }

    /** 32 bits, little-endian. */
    static Content u32(long value) {
        byte[] bytes = new byte[Integer.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt((int) value);
        return of(bytes);
    }

    /** 64-bit numbers, little-endian. */
    static Content u64(long... values) {
        byte[] bytes = new byte[Long.BYTES * values.length];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(values);
        return of(bytes);
    }

    /**
     * A part of a file, which stays open as long as the device.
     *
     * @param start of the part in the file
     * @param size of the part
     */
    static Content of(BootFile file, long start, long size) {
        return new Content() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public void copyTo(GuestMemory memory, long address, long position, long length) {
                file.copyTo(memory, address, start + position, length);
            }

            @Override
            public int byteAt(long position) {
                return file.read(start + position, 1).get() & 0xff;
            }
        };
    }
}
