package vmm.firmware.bios;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import vmm.firmware.boot.BootFile;
import vmm.linux.HostException;
import vmm.linux.Mapping;

/** The ROM that a processor finds at the end of its first 4 GiB when it starts. */
public final class FirmwareRom implements AutoCloseable {
    /** The address after the ROM's last byte. */
    public static final long END = 1L << 32;

    /** How much of the ROM, its end, is below 1 MiB as well. */
    private static final long LEGACY_SIZE = 128 << 10;

    /** What the size of a ROM is a multiple of, and that of a part of UEFI firmware. */
    private static final int UNIT = 64 << 10;

    private static final int PART_UNIT = 4 << 10;

    /** Below this there is no room before the interrupt controllers. */
    private static final long MOST = 16 << 20;

    private final Mapping mapping;

    private FirmwareRom(Mapping mapping) {
        this.mapping = mapping;
    }

    /**
     * Reads a ROM from its file.
     *
     * @throws HostException if it cannot be read, or has a size that no ROM has
     */
    public static FirmwareRom read(Path path) {
        return of(bytes(path));
    }

    /** All bytes of a firmware's file, which are as many as a ROM may have. See {@link #read}. */
    static byte[] bytes(Path path) {
        try (BootFile file = BootFile.open("firmware", path)) {
            byte[] bytes = file.head((int) MOST).array();
            int unit = FirmwareVolume.first(bytes).isPresent() ? PART_UNIT : UNIT;
            if (file.size() > MOST || bytes.length % unit != 0) {
                throw new HostException("The firmware " + path + " has " + file.size()
                        + " bytes, and a ROM has a multiple of 64 KiB up to 16 MiB: name a firmware image, as"
                        + " bios-256k.bin of SeaBIOS.");
            }
            return bytes;
        }
    }

    /** A ROM with these bytes, a multiple of 4096. */
    static FirmwareRom of(byte[] bytes) {
        Mapping mapping = Mapping.reserve(bytes.length);
        try {
            mapping.commit(0, bytes.length);
            MemorySegment.copy(bytes, 0, mapping.segment(), JAVA_BYTE, 0, bytes.length);
            return new FirmwareRom(mapping);
        } catch (Throwable failure) {
            mapping.close();
            throw failure;
        }
    }

    /** All of it. */
    public MemorySegment bytes() {
        return mapping.segment();
    }

    /** Where it begins in the guest. */
    public long start() {
        return END - bytes().byteSize();
    }

    /** The part that ends at 1 MiB as well. */
    public MemorySegment legacyBytes() {
        long size = bytes().byteSize();
        long legacy = Math.min(size, LEGACY_SIZE);
        return bytes().asSlice(size - legacy, legacy);
    }

    /** Gives the memory back, after the virtual machine that shows it. */
    @Override
    public void close() {
        mapping.close();
    }
}
