package vmm.firmware.multiboot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.firmware.BootFixture;
import vmm.firmware.boot.EntryState;
import vmm.firmware.pvh.FakeElf;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

class MultibootKernelTest {
    private static final int MAGIC = 0x1BADB002;
    private static final int ADDRESSES = 1 << 16;

    /** Where a header fits into {@link FakeElf} that is in nobody's way. */
    private static final int IN_ELF = 0x400;

    private static final int PT_NOTE = FakeElf.PROGRAM_HEADERS;
    private static final int LOAD_32 = FakeElf.PROGRAM_HEADERS + 32;

    @TempDir
    private Path folder;

    private BootFixture boot;
    private GuestMemory memory;

    @BeforeEach
    void machine() {
        boot = new BootFixture(folder, 16 << 20);
        memory = boot.memory();
    }

    private static FakeElf withHeader(FakeElf elf, int flags) {
        return elf.with32(IN_ELF, MAGIC).with32(IN_ELF + 4, flags).with32(IN_ELF + 8, -(MAGIC + flags));
    }

    /** An ELF for 32 bits that begins where its segment does, by the virtual address. */
    private static FakeElf elf(int flags) {
        return withHeader(FakeElf.narrow(), flags).with32(24, (int) FakeElf.ADDRESS | 0xC000_0000);
    }

    /** A file that is nothing else, with a header at 64 and so many bytes after it. */
    private static byte[] flat(int size, int headerAddress, int load, int loadEnd, int bssEnd, int entry) {
        ByteBuffer file = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        new Random(size).nextBytes(file.array());
        file.putInt(64, MAGIC).putInt(68, ADDRESSES).putInt(72, -(MAGIC + ADDRESSES));
        file.putInt(76, headerAddress)
                .putInt(80, load)
                .putInt(84, loadEnd)
                .putInt(88, bssEnd)
                .putInt(92, entry);
        return file.array();
    }

    private byte[] bytes(long address, int length) {
        byte[] bytes = new byte[length];
        memory.read(address, bytes, 0, length);
        return bytes;
    }

    @Test
    void theProcessorStartsAsTheSpecificationSays() {
        EntryState entry = boot.load(elf(3).toByteArray());
        assertEquals(FakeElf.ADDRESS, entry.rip(), "at the physical address");
        assertEquals(0x2BADB002, entry.rax());
        assertEquals(0x11, entry.cr0());
        assertEquals(2, entry.rflags());
        assertTrue(entry.code().big() && !entry.code().longMode());
        assertEquals(-1, entry.code().limit());
        assertEquals(-1, entry.data().limit());
        assertEquals(FakeElf.segment(7), memory.getByte(FakeElf.ADDRESS + 7) & 0xff);
        assertEquals(0, memory.getByte(FakeElf.ADDRESS + FakeElf.FILE_SIZE));
    }

    @Test
    void theKernelIsToldOfMemoryAndItsCommandLine() {
        long info = boot.commandLine("one  two").load(elf(3).toByteArray()).rbx();
        assertEquals(0b10_0100_1101, memory.getInt(info));
        assertEquals(639, memory.getInt(info + 4));
        assertEquals(15 << 10, memory.getInt(info + 8));
        assertEquals(folder.resolve("kernel") + " one  two", boot.text(memory.getInt(info + 16)));
        assertEquals("vmm", boot.text(memory.getInt(info + 64)));
        assertEquals(0, memory.getInt(info + 20));
        List<String> map = new ArrayList<>();
        long end = memory.getInt(info + 48) + (long) memory.getInt(info + 44);
        for (long at = memory.getInt(info + 48); at < end; at += memory.getInt(at) + 4) {
            map.add("%x+%x %d".formatted(memory.getLong(at + 4), memory.getLong(at + 12), memory.getInt(at + 20)));
        }
        assertEquals(List.of("0+9fc00 1", "9fc00+400 2", "e0000+20000 2", "100000+f00000 1"), map);
        assertArrayEquals(new byte[116 - 68], bytes(info + 68, 116 - 68), "of what there is none");
    }

    @Test
    void modulesLieBehindTheKernelOnPagesWithTheirTexts() {
        Path one = boot.file("one", "the first".getBytes(StandardCharsets.US_ASCII));
        Path two = boot.file("two", new byte[5000]);
        boot.initrd(Path.of(one + " a=b,,c d, " + two));
        long info = boot.load(elf(1).toByteArray()).rbx();
        assertEquals(2, memory.getInt(info + 20));
        long list = memory.getInt(info + 24);
        long first = FakeElf.ADDRESS + FakeElf.MEMORY_SIZE;
        assertEquals(first, memory.getInt(list));
        assertEquals(first + 9, memory.getInt(list + 4));
        assertEquals("the first", new String(bytes(first, 9), StandardCharsets.US_ASCII));
        assertEquals(one + " a=b,c d", boot.text(memory.getInt(list + 8)));
        assertEquals(first + 4096, memory.getInt(list + 16));
        assertEquals(first + 4096 + 5000, memory.getInt(list + 20));
        assertEquals(two.toString(), boot.text(memory.getInt(list + 24)));
        assertEquals(0, memory.getInt(list + 28));
    }

    @Test
    void aFileWithAddressesIsLoadedAsTheySay() {
        byte[] kernel = flat(0x1000, 0x30_0000 + 32, 0x30_0000, 0x30_0800, 0x30_2000, 0x30_0010);
        memory.slice(0x30_0000, 0x2000).fill((byte) -1);
        EntryState entry = boot.load(kernel);
        assertEquals(0x30_0010, entry.rip());
        assertArrayEquals(Arrays.copyOfRange(kernel, 32, 32 + 0x800), bytes(0x30_0000, 0x800));
        assertArrayEquals(new byte[0x1800], bytes(0x30_0800, 0x1800));
    }

    @Test
    void withoutEndsAllTheRestIsLoadedAndNothingMore() {
        byte[] kernel = flat(0x1000, 0x30_0040, 0x30_0000, 0, 0, 0x30_0000);
        memory.slice(0x30_0000, 0x2000).fill((byte) -1);
        boot.load(kernel);
        assertArrayEquals(kernel, bytes(0x30_0000, 0x1000));
        assertEquals((byte) -1, (byte) memory.getByte(0x30_1000));
    }

    @Test
    void aKernelInConventionalMemoryIsNotOverwritten() {
        byte[] kernel = flat(0x8_0000, 0x1040, 0x1000, 0, 0, 0x1000);
        boot.initrd(boot.file("module", new byte[10]));
        EntryState entry = boot.load(kernel);
        assertArrayEquals(kernel, bytes(0x1000, kernel.length));
        assertEquals(0x10_1000, entry.rbx(), "behind the module");
        assertEquals(0x10_0000, memory.getInt(memory.getInt(entry.rbx() + 24)));
    }

    @Test
    void anElfFor64BitsIsLoadedTooUnlessItHasAPvhEntry() {
        FakeElf both = withHeader(FakeElf.wide(), 0).with64(24, FakeElf.ADDRESS);
        assertEquals(0, boot.load(both.toByteArray()).rax());
        assertEquals(
                0x2BADB002, boot.load(both.with32(PT_NOTE, 6).toByteArray()).rax());
        assertEquals(0x2BADB002, boot.load(elf(0).toByteArray()).rax(), "for 32 bits it is the first choice");
    }

    @Test
    void theHeaderIsFoundInTheFirst8192BytesOnly() {
        byte[] kernel = new byte[16384];
        ByteBuffer header = ByteBuffer.wrap(kernel).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer original = ByteBuffer.wrap(flat(0x1000, 0x30_0040, 0x30_0000, 0, 0, 0x30_0040));
        byte[] fields = new byte[32];
        original.get(64, fields);
        header.put(8192 - 32, fields).putInt(8192 - 32 + 12, 0x30_0000);
        assertEquals(0x30_0040, boot.load(kernel).rip());
        Arrays.fill(kernel, (byte) 0);
        header.put(8192 - 8, fields);
        boot.assertRefused(kernel, "Multiboot");
        Arrays.fill(kernel, (byte) 0);
        header.put(62, fields);
        boot.assertRefused(kernel, "Multiboot");
    }

    @Test
    void aWrongChecksumMakesNoHeader() {
        byte[] kernel = flat(0x1000, 0x30_0040, 0x30_0000, 0, 0, 0x30_0000);
        kernel[72]++;
        boot.assertRefused(kernel, "nor one for Multiboot");
    }

    @Test
    void whatCannotBeGivenIsRefused() {
        boot.assertRefused(elf(4).toByteArray(), "video mode");
        boot.assertRefused(elf(0x8).toByteArray(), "0x8");
        boot.assertRefused(elf(0x8000).toByteArray(), "0x8000");
        boot.load(elf(0x20000).toByteArray()); // flags that a loader may ignore
    }

    @Test
    void addressesThatContradictEachOtherAreRefused() {
        String damaged = "damaged Multiboot header";
        boot.assertRefused(flat(0x1000, 0x2F_FFFF, 0x30_0000, 0, 0, 0x30_0000), damaged);
        boot.assertRefused(flat(0x1000, 0x30_0041, 0x30_0000, 0, 0, 0x30_0000), damaged);
        boot.assertRefused(flat(0x1000, 0x30_0040, 0x30_0000, 0x2F_0000, 0, 0x30_0000), damaged);
        boot.assertRefused(flat(0x1000, 0x30_0040, 0x30_0000, 0x30_1001, 0, 0x30_0000), damaged);
        boot.assertRefused(flat(0x1000, 0x30_0040, 0x30_0000, 0x30_0800, 0x30_0700, 0x30_0000), damaged);
        boot.assertRefused(flat(0x1000, 0x30_0040, 0x30_0000, 0, 0, 0x31_0000), "0x310000", "none of it");
    }

    @Test
    void whereNoMemoryIsNothingIsLoaded() {
        boot.assertRefused(flat(0x1000, 0x100_0040, 0x100_0000, 0, 0, 0x100_0000), "0x1000000", "more");
        boot.assertRefused(flat(0x1000, 0x9_F040, 0x9_F000, 0, 0, 0x9_F000), "0x9f000");
        boot.assertRefused(flat(0x1000, 0xB_8040, 0xB_8000, 0, 0, 0xB_8000), "0xb8000");
        boot.assertRefused(flat(0x8_0000, 0x8_0040, 0x8_0000, 0, 0, 0x8_0000), "0x80000");
        boot.assertRefused(flat(0x1000, 0x30_0040, 0x30_0000, 0, -1, 0x30_0000), "0x300000");
        boot.assertRefused(flat(0x1000, -1, -64, 0, 0, -64), "0xffffffc0");
        boot.assertRefused(elf(0).with32(LOAD_32 + 12, 0xFFFF_F000).toByteArray(), "0xfffff000");
    }

    @Test
    void aModuleThatCannotBeLoadedIsRefused() {
        byte[] kernel = elf(0).toByteArray();
        boot.initrd(folder.resolve("absent"));
        boot.assertRefused(kernel, "The module " + folder.resolve("absent") + " does not exist");
        boot.initrd(Path.of(boot.file("one", new byte[1]) + ",,"));
        boot.assertRefused(kernel, "one, does not exist");
        boot.initrd(Path.of("," + boot.file("one", new byte[1])));
        boot.assertRefused(kernel, "FILE TEXT,FILE TEXT");
        boot.initrd(Path.of(boot.file("one", new byte[1]) + ",x".repeat(64)));
        boot.assertRefused(kernel, "does not exist");
        boot.initrd(boot.file("large", new byte[15 << 20]));
        boot.assertRefused(kernel, "large", "give the guest more memory");
        boot.initrd(boot.file("full", new byte[(14 << 20) - FakeElf.MEMORY_SIZE]));
        boot.load(kernel);
    }

    @Test
    void aKernelThatFillsMemoryCannotBeTold() {
        int rest = (16 << 20) - 0x10_0000;
        byte[] kernel = flat(0x1000, 0x10_0040, 0x10_0000, 0, 0x10_0000 + rest, 0x10_0000);
        boot.load(kernel); // it is told below
        String files = boot.file("one", new byte[1]).toString();
        boot.initrd(Path.of(files));
        boot.assertRefused(kernel, "more memory");
    }

    @Test
    void noHeaderWhateverDoesMoreThanBeRefused() {
        Random random = new Random(7);
        byte[] kernel = flat(0x1000, 0x30_0040, 0x30_0000, 0, 0, 0x30_0000);
        int[] interesting = {0, 1, -1, 0x30_0000, 0x30_0040, 0x30_1000, 0xF_FFFF, 0x100_0000, 1 << 31};
        for (int i = 0; i < 500; i++) {
            byte[] broken = kernel.clone();
            ByteBuffer fields = ByteBuffer.wrap(broken).order(ByteOrder.LITTLE_ENDIAN);
            for (int at = 76; at < 96; at += 4) {
                if (random.nextBoolean()) {
                    fields.putInt(at, interesting[random.nextInt(interesting.length)] + random.nextInt(3) - 1);
                }
            }
            try {
                assertEquals(0x2BADB002, boot.load(broken).rax());
            } catch (HostException refused) {
                assertTrue(String.valueOf(refused.getMessage()).endsWith("."));
            }
        }
    }
}
