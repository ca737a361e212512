package vmm.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;

/** Opens images and does simple I/O to them. */
final class Images {
    private Images() {}

    static BlockOptions options(Path path, boolean readOnly) {
        return new BlockOptions(path.toString(), readOnly, Format.QCOW2, Cache.WRITEBACK, Aio.AUTO, true);
    }

    static BlockDevice open(Path path, boolean readOnly) {
        return BlockDevices.open(options(path, readOnly));
    }

    static byte[] read(BlockDevice disk, long offset, long size) {
        try (WaitingIo io = new WaitingIo(disk);
                Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = WaitingIo.buffer(arena, size);
            buffer.fill((byte) 0xee);
            assertEquals(0, io.read(offset, buffer));
            return buffer.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /** Reads into nothing; returns the error number. */
    static int tryRead(BlockDevice disk, long offset, long size) {
        try (WaitingIo io = new WaitingIo(disk);
                Arena arena = Arena.ofConfined()) {
            return io.read(offset, WaitingIo.buffer(arena, size));
        }
    }

    static int write(BlockDevice disk, long offset, byte[] bytes) {
        try (WaitingIo io = new WaitingIo(disk);
                Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = WaitingIo.buffer(arena, bytes.length);
            buffer.copyFrom(MemorySegment.ofArray(bytes));
            return io.write(offset, buffer);
        }
    }
}
