package vmm.firmware.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.firmware.BootFixture;
import vmm.firmware.KernelLoader;
import vmm.firmware.boot.EntryState;
import vmm.memory.GuestMemory;

class BzImageTest {
    private static final long MEMORY = 32 << 20;

    @TempDir
    Path folder;

    private BootFixture boot;
    private GuestMemory memory;

    @BeforeEach
    void machine() {
        boot = new BootFixture(folder, MEMORY);
        memory = boot.memory();
    }

    @Test
    void theProcessorStartsInLongModeAtTheEntryWithItsParameters() {
        EntryState entry = boot.load(new FakeBzImage().toByteArray());
        assertEquals(FakeBzImage.ADDRESS + 0x200, entry.rip());
        assertEquals(2, entry.rflags(), "interrupts are off");
        assertEquals(0x8000_0011L, entry.cr0());
        assertEquals(0x20, entry.cr4());
        assertEquals(0x500, entry.efer());
        assertEquals(0x10, entry.code().selector());
        assertTrue(entry.code().longMode() && !entry.code().big());
        assertEquals(0x18, entry.data().selector());
        assertEquals(-1, entry.data().limit());
        assertEquals(11, entry.task().type(), "a busy TSS, without which Intel's processors do not enter");
        assertEquals(0x67, entry.task().limit());
        assertEquals(0x5372_6448, memory.getInt(entry.rsi() + 0x202), "boot_params has the header");
        assertEquals(
                0x00af_9b00_0000_ffffL,
                memory.getLong(entry.gdtBase() + 0x10),
                "the GDT has the code segment that the processor has");
    }

    @Test
    void thePayloadIsWhereTheKernelPrefersIt() {
        boot.load(new FakeBzImage().toByteArray());
        for (int i = 0; i < FakeBzImage.PAYLOAD; i++) {
            assertEquals(FakeBzImage.payload(i), memory.getByte(FakeBzImage.ADDRESS + i));
        }
    }

    @Test
    void zeroSetupSectorsMeanFour() {
        byte[] one = new FakeBzImage().with8(0x1f1, 0).with32(0x1f4, 1).toByteArray();
        boot.load(one);
        assertEquals(one[5 * 512] & 0xff, memory.getByte(FakeBzImage.ADDRESS));
    }

    @Test
    void pageTablesMapTheFirstFourGibibytesToThemselves() {
        EntryState entry = boot.load(new FakeBzImage().toByteArray());
        for (long address = 0; address < 4L << 30; address += 2 << 20) {
            long pml4e = memory.getLong(entry.cr3() + 8 * (address >>> 39));
            long pdpte = memory.getLong((pml4e & -4096) + 8 * (address >>> 30 & 511));
            long pde = memory.getLong((pdpte & -4096) + 8 * (address >>> 21 & 511));
            assertEquals(address | 0x83, pde);
            assertEquals(3, pml4e & 0xfff);
            assertEquals(3, pdpte & 0xfff);
        }
        assertEquals(0, memory.getLong(entry.cr3() + 8));
    }

    @Test
    void bootParametersTellTheLoaderTheRsdpAndTheMemory() {
        long parameters = boot.load(new FakeBzImage().toByteArray()).rsi();
        assertEquals(0xff, memory.getByte(parameters + 0x210));
        assertEquals(0xe_0000, memory.getLong(parameters + 0x070));
        assertEquals(0, memory.getByte(parameters + 0x1ef), "the sentinel");
        assertEquals("console=ttyS0", boot.text(memory.getInt(parameters + 0x228)));
        assertEquals(4, memory.getByte(parameters + 0x1e8));
        assertEntry(parameters, 0, 0, 0x9_fc00, 1);
        assertEntry(parameters, 1, 0x9_fc00, 0x400, 2);
        assertEntry(parameters, 2, 0xe_0000, 0x2_0000, 2);
        assertEntry(parameters, 3, 0x10_0000, MEMORY - 0x10_0000, 1);
    }

    private void assertEntry(long parameters, int index, long start, long size, int type) {
        long at = parameters + 0x2d0 + 20L * index;
        assertEquals(start, memory.getLong(at));
        assertEquals(size, memory.getLong(at + 8));
        assertEquals(type, memory.getInt(at + 16));
    }

    @Test
    void memoryAboveTheHoleIsInTheMapAndTheInitrdBelowIt() {
        try (GuestMemory big = GuestMemory.allocate(5L << 30)) {
            EntryState entry = KernelLoader.load(
                    big,
                    boot.file("kernel", new FakeBzImage().toByteArray()),
                    Optional.of(boot.file("initrd", new byte[] {1, 2, 3})),
                    "",
                    0);
            long at = entry.rsi() + 0x2d0 + 3 * 20;
            assertEquals(0xc000_0000L - 0x10_0000, big.getLong(at + 8));
            assertEquals(4L << 30, big.getLong(at + 20));
            assertEquals(2L << 30, big.getLong(at + 28));
            assertEquals(0x7fff_f000, big.getInt(entry.rsi() + 0x218), "as high as initrd_addr_max lets it be");
            assertEquals(2, big.getByte(0x7fff_f001));
        }
    }

    @Test
    void anInitrdLiesAtTheTopOfMemoryOnAPageBoundary() {
        byte[] content = new byte[5000];
        Arrays.fill(content, (byte) 0x5a);
        long parameters =
                boot.initrd(content).load(new FakeBzImage().toByteArray()).rsi();
        long start = memory.getInt(parameters + 0x218);
        assertEquals(MEMORY - 8192, start);
        assertEquals(5000, memory.getInt(parameters + 0x21c));
        assertEquals(0x5a, memory.getByte(start));
        assertEquals(0x5a, memory.getByte(start + 4999));
        assertEquals(0, memory.getByte(start + 5000));
    }

    @Test
    void anInitrdThatReachesIntoTheKernelIsRefusedWithTheSizeThatWouldDo() {
        int room = (int) (MEMORY - FakeBzImage.ADDRESS - FakeBzImage.INIT_SIZE);
        boot.initrd(new byte[room]).load(new FakeBzImage().toByteArray());
        boot.initrd(new byte[room + 1])
                .assertRefused(
                        new FakeBzImage().toByteArray(),
                        "initrd",
                        (room + 1) + " bytes",
                        room + " bytes",
                        "at least 33 MiB");
    }

    @Test
    void anInitrdThatNoMemoryWouldHelpIsToBeMadeSmaller() {
        boot.initrd(new byte[8192])
                .assertRefused(
                        new FakeBzImage()
                                .with32(0x22c, (int) FakeBzImage.ADDRESS)
                                .toByteArray(),
                        "make it smaller");
    }

    @Test
    void aKernelLargerThanMemoryIsRefusedWithTheSizeThatWouldDo() {
        boot.assertRefused(new FakeBzImage().with32(0x260, 100 << 20).toByteArray(), "32 MiB", "at least 116 MiB");
    }

    @Test
    void aCommandLineMayBeAsLongAsTheKernelTakesIt() {
        byte[] kernel = new FakeBzImage().with32(0x238, 100).toByteArray();
        boot.commandLine("x".repeat(100)).load(kernel);
        boot.commandLine("x".repeat(101)).assertRefused(kernel, "101 bytes", "takes 100", "--append");
    }

    @Test
    void kernelsOfAnotherKindAreRefusedWithTheReason() {
        boot.assertRefused(new FakeBzImage().with16(0x206, 0x20b).toByteArray(), "protocol 2.11", "2.12");
        boot.assertRefused(new FakeBzImage().with16(0x236, 0).toByteArray(), "64-bit");
        boot.assertRefused(new FakeBzImage().with8(0x211, 0).toByteArray(), "64-bit");
    }

    @Test
    void damagedKernelsAreRefused() {
        boot.assertRefused(new FakeBzImage().with64(0x258, 0x1000).toByteArray(), "damaged");
        boot.assertRefused(new FakeBzImage().with64(0x258, -4096).toByteArray(), "damaged");
        boot.assertRefused(new FakeBzImage().with8(0x201, 0).toByteArray(), "damaged");
        boot.assertRefused(Arrays.copyOf(new FakeBzImage().toByteArray(), 0x250), "damaged");
        boot.assertRefused(Arrays.copyOf(new FakeBzImage().toByteArray(), 0x1000), "cut off");
        boot.assertRefused(new FakeBzImage().with32(0x1f4, -1).toByteArray(), "cut off");
    }

    @Test
    void aSecondLifeFindsNothingOfTheFirst() {
        boot.initrd(new byte[10]).load(new FakeBzImage().toByteArray());
        GuestMemory other = GuestMemory.detached(MEMORY);
        EntryState second = KernelLoader.load(memory, folder.resolve("kernel"), Optional.empty(), "quiet", 0);
        KernelLoader.load(other, folder.resolve("kernel"), Optional.empty(), "quiet", 0);
        assertEquals(0, memory.getInt(second.rsi() + 0x218));
        assertEquals("quiet", boot.text(memory.getInt(second.rsi() + 0x228)));
        assertFalse(memory.slice(0x1000, 0x1f000).mismatch(other.slice(0x1000, 0x1f000)) >= 0);
    }
}
