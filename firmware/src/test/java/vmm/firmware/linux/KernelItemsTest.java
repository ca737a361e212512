package vmm.firmware.linux;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.bus.Bus;
import vmm.firmware.boot.BootFile;
import vmm.firmware.fwcfg.FwCfg;
import vmm.firmware.fwcfg.Items;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

class KernelItemsTest {
    private static final int MIB = 1 << 20;

    private final Bus ports = new Bus();

    @TempDir
    Path folder;

    private void offer(byte[] kernel, int initrd, String commandLine) throws IOException {
        GuestMemory memory = GuestMemory.detached(64 * MIB);
        Items items = new Items();
        BootFile file = BootFile.open("kernel", Files.write(folder.resolve("kernel"), kernel));
        Optional<BootFile> disk = initrd == 0
                ? Optional.empty()
                : Optional.of(BootFile.open("initrd", Files.write(folder.resolve("initrd"), new byte[initrd])));
        KernelItems.addTo(items, memory, file, disk, commandLine);
        new FwCfg(memory, items).attach(ports);
    }

    private ByteBuffer item(int key, int length) {
        ports.write(FwCfg.PORT, 2, key);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) ports.read(FwCfg.PORT + 1, 1);
        }
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private int number(int key) {
        return item(key, 4).getInt();
    }

    @Test
    void theKernelIsSplitAndItsHeaderSaysWhereTheRestIs() throws IOException {
        offer(new FakeBzImage().toByteArray(), 5000, "some words");
        assertEquals(0x1_0000, number(0x16));
        assertEquals(1024, number(0x17));
        ByteBuffer setup = item(0x18, 1024);
        assertEquals((byte) 0xff, setup.get(0x210));
        assertEquals((byte) 0x81, setup.get(0x211));
        assertEquals((short) 0xfe00, setup.getShort(0x224));
        assertEquals(0x2_0000, setup.getInt(0x228));
        assertEquals(number(0x0a), setup.getInt(0x218));
        assertEquals(5000, setup.getInt(0x21c));
        assertEquals(MIB, number(0x07));
        assertEquals(FakeBzImage.PAYLOAD, number(0x08));
        assertEquals(FakeBzImage.payload(77), item(0x11, 100).get(77) & 0xff);
        assertEquals(0x2_0000, number(0x13));
        assertEquals(11, number(0x14));
        assertEquals("some words\0", new String(item(0x15, 11).array(), US_ASCII));
    }

    @Test
    void theInitrdIsBelowWhatFirmwareKeepsForItself() throws IOException {
        offer(new FakeBzImage().toByteArray(), 5000, "");
        assertEquals(63 * MIB - 8192, number(0x0a));
        assertEquals(5000, number(0x0b));
    }

    @Test
    void withoutAnInitrdTheKernelIsToldOfNone() throws IOException {
        offer(new FakeBzImage().toByteArray(), 0, "");
        assertEquals(0, number(0x0b));
        assertEquals(0L, item(0x18, 1024).getLong(0x218));
    }

    @Test
    void whatFirmwareCannotStartIsRefused() {
        refused("not a bzImage", new byte[4096], 0, "");
        refused("give the guest more", new FakeBzImage().toByteArray(), 50 * MIB, "");
        refused("shorten --append", new FakeBzImage().toByteArray(), 0, "x".repeat(2048));
    }

    private void refused(String part, byte[] kernel, int initrd, String commandLine) {
        HostException refused = assertThrows(HostException.class, () -> offer(kernel, initrd, commandLine));
        assertTrue(String.valueOf(refused.getMessage()).contains(part), refused::toString);
    }

    @Test
    void theOptionRomIsOneThatABiosAccepts() {
        byte[] rom = KernelItems.rom();
        assertEquals(rom.length, rom[2] * 512);
        assertEquals(0x55, rom[0]);
        assertEquals((byte) 0xaa, rom[1]);
        int sum = 0;
        for (byte b : rom) {
            sum += b;
        }
        assertEquals(0, sum & 0xff);
        int expansion = ByteBuffer.wrap(rom).order(ByteOrder.LITTLE_ENDIAN).getShort(0x1a);
        assertEquals("$PnP", new String(rom, expansion, 4, US_ASCII));
    }

    @Test
    void theOptionRomIsBuiltFromItsSource() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "gcc is not installed");
        Process build = new ProcessBuilder(
                        Path.of("src/main/asm/build.sh").toAbsolutePath().toString(), folder.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(build.getInputStream().readAllBytes(), US_ASCII);
        assertEquals(0, build.waitFor(), said);
        byte[] built = Files.readAllBytes(folder.resolve("linux-loader.rom"));
        byte[] rom = KernelItems.rom();
        int last = rom.length - 1; // the checksum
        assertArrayEquals(Arrays.copyOf(built, last), Arrays.copyOf(rom, last));
    }
}
