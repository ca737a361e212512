package vmm.firmware.pvh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import vmm.firmware.BootFixture;
import vmm.firmware.boot.EntryState;
import vmm.memory.GuestMemory;

class PvhKernelTest {
    private static final long MEMORY = 16 << 20;
    private static final int LOAD_64 = FakeElf.PROGRAM_HEADERS + 56;

    @TempDir
    Path folder;

    private BootFixture boot;
    private GuestMemory memory;

    @BeforeEach
    void machine() {
        boot = new BootFixture(folder, MEMORY);
        memory = boot.memory();
    }

    static Stream<byte[]> bothClasses() {
        return Stream.of(FakeElf.wide().toByteArray(), FakeElf.narrow().toByteArray());
    }

    @ParameterizedTest
    @MethodSource("bothClasses")
    void theProcessorStartsInProtectedModeAtTheEntryOfTheNote(byte[] kernel) {
        EntryState entry = boot.load(kernel);
        assertEquals(FakeElf.ENTRY, entry.rip());
        assertEquals(0x11, entry.cr0(), "protected, no paging");
        assertEquals(0, entry.cr4());
        assertEquals(0, entry.efer());
        assertEquals(2, entry.rflags());
        assertTrue(entry.code().big() && !entry.code().longMode());
        assertEquals(-1, entry.code().limit());
        assertEquals(0x67, entry.task().limit());
        assertFalse(entry.task().codeOrData());
        assertEquals(0x336e_c578, memory.getInt(entry.rbx()));
    }

    @ParameterizedTest
    @MethodSource("bothClasses")
    void theSegmentIsLoadedAndItsRestIsZero(byte[] kernel) {
        memory.slice(1 << 20, 15 << 20).fill((byte) -1);
        boot.load(kernel);
        for (int i = 0; i < FakeElf.MEMORY_SIZE; i++) {
            int expected = i < FakeElf.FILE_SIZE ? FakeElf.segment(i) : 0;
            assertEquals(expected, memory.getByte(FakeElf.ADDRESS + i));
        }
        assertEquals(0xff, memory.getByte(FakeElf.ADDRESS + FakeElf.MEMORY_SIZE));
    }

    @Test
    void theStartInfoTellsTheCommandLineTheRsdpTheMemoryAndTheModule() {
        long info = boot.initrd(new byte[] {7, 8, 9})
                .load(FakeElf.wide().toByteArray())
                .rbx();
        assertEquals(1, memory.getInt(info + 4), "version");
        assertEquals(0, memory.getInt(info + 8), "flags");
        assertEquals("console=ttyS0", boot.text(memory.getLong(info + 24)));
        assertEquals(0xe_0000, memory.getLong(info + 32));
        assertEquals(1, memory.getInt(info + 12), "modules");
        long module = memory.getLong(info + 16);
        assertEquals(MEMORY - 4096, memory.getLong(module));
        assertEquals(3, memory.getLong(module + 8));
        assertEquals(8, memory.getByte(MEMORY - 4095));
        long map = memory.getLong(info + 40);
        assertEquals(4, memory.getInt(info + 48));
        assertEquals(0x10_0000, memory.getLong(map + 3 * 24));
        assertEquals(MEMORY - 0x10_0000, memory.getLong(map + 3 * 24 + 8));
        assertEquals(1, memory.getInt(map + 3 * 24 + 16));
    }

    @Test
    void aNoteOfEightBytesAmongOthersIsFound() {
        int note = FakeElf.NOTE;
        byte[] kernel = FakeElf.wide()
                .with64(FakeElf.PROGRAM_HEADERS + 32, 20 + 24)
                .with32(note + 8, 17) // another note of Xen's
                .with32(note + 20, 4)
                .with32(note + 24, 8)
                .with32(note + 28, 18)
                .with32(note + 32, 0x6e_6558)
                .with64(note + 36, FakeElf.ENTRY)
                .toByteArray();
        assertEquals(FakeElf.ENTRY, boot.load(kernel).rip());
    }

    @Test
    void elvesThatAreNoPvhKernelsAreRefusedWithTheReason() {
        boot.assertRefused(FakeElf.wide().with32(FakeElf.NOTE + 8, 1).toByteArray(), "without a PVH entry");
        boot.assertRefused(FakeElf.wide().with32(FakeElf.NOTE + 12, 0).toByteArray(), "without a PVH entry");
        boot.assertRefused(FakeElf.wide().with8(18, 183).toByteArray(), "not one for x86");
        boot.assertRefused(FakeElf.wide().with8(5, 2).toByteArray(), "not one for x86");
        boot.assertRefused(Arrays.copyOf(FakeElf.wide().toByteArray(), 20), "not one for x86");
    }

    @Test
    void segmentsOutsideMemoryAreRefused() {
        boot.assertRefused(FakeElf.wide().with64(LOAD_64 + 24, 0x1000).toByteArray(), "0x1000", "1 MiB");
        boot.assertRefused(FakeElf.wide().with64(LOAD_64 + 24, MEMORY).toByteArray(), "0x1000000", "16 MiB");
        boot.assertRefused(FakeElf.wide().with64(LOAD_64 + 24, -4096).toByteArray(), "outside");
        boot.assertRefused(FakeElf.wide().with64(LOAD_64 + 40, Long.MAX_VALUE).toByteArray(), "outside");
    }

    @Test
    void anEntryOutsideTheSegmentsIsRefused() {
        boot.assertRefused(
                FakeElf.wide()
                        .with32(FakeElf.NOTE + 16, (int) FakeElf.ADDRESS + FakeElf.MEMORY_SIZE)
                        .toByteArray(),
                "entry at 0x203000");
    }

    @Test
    void damagedHeadersAreRefused() {
        boot.assertRefused(FakeElf.wide().with64(LOAD_64 + 8, 0x2000).toByteArray(), "cut off");
        boot.assertRefused(FakeElf.wide().with64(LOAD_64 + 8, -1).toByteArray(), "cut off");
        boot.assertRefused(
                FakeElf.wide().with64(LOAD_64 + 32, FakeElf.MEMORY_SIZE + 1).toByteArray(), "damaged");
        boot.assertRefused(FakeElf.wide().with64(LOAD_64 + 32, -1).toByteArray(), "damaged");
        boot.assertRefused(FakeElf.wide().with64(32, Long.MAX_VALUE).toByteArray(), "cut off");
        boot.assertRefused(FakeElf.wide().with8(54, 1).toByteArray(), "damaged");
        boot.assertRefused(FakeElf.wide().with8(57, 0xff).toByteArray(), "damaged");
        boot.assertRefused(
                FakeElf.wide().with64(FakeElf.PROGRAM_HEADERS + 32, 1L << 40).toByteArray(), "damaged");
    }

    @Test
    void anInitrdThatReachesIntoTheKernelIsRefused() {
        int room = (int) (MEMORY - FakeElf.ADDRESS - FakeElf.MEMORY_SIZE);
        boot.initrd(new byte[room]).load(FakeElf.wide().toByteArray());
        boot.initrd(new byte[room + 1]).assertRefused(FakeElf.wide().toByteArray(), "does not fit", "at least 17 MiB");
    }

    @Test
    void aCommandLineLongerThanItsPlaceIsRefused() {
        boot.commandLine("x".repeat(65536)).assertRefused(FakeElf.wide().toByteArray(), "65536", "65535");
    }
}
