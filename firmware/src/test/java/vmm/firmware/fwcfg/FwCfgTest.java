package vmm.firmware.fwcfg;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.bus.Bus;
import vmm.firmware.boot.BootFile;
import vmm.memory.GuestMemory;

class FwCfgTest {
    private static final int SELECTOR = 0x510;
    private static final int DATA = 0x511;
    private static final int ADDRESS_HIGH = 0x514;
    private static final int ADDRESS_LOW = 0x518;

    private static final int ERROR = 1;
    private static final int READ = 2;
    private static final int SKIP = 4;
    private static final int SELECT = 8;
    private static final int WRITE = 16;

    private static final int ACCESS = 0x1000;
    private static final int BUFFER = 0x2000;

    private final Bus ports = new Bus();
    private final GuestMemory memory = GuestMemory.detached(1 << 20);

    private void attach(Items items) {
        new FwCfg(memory, items).attach(ports);
    }

    private String data(int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) ports.read(DATA, 1));
        }
        return text.toString();
    }

    /** Runs a transfer and returns what became of its control field. */
    private int transfer(int control, int length, long address) {
        memory.putInt(ACCESS, Integer.reverseBytes(control));
        memory.putInt(ACCESS + 4, Integer.reverseBytes(length));
        memory.putLong(ACCESS + 8, Long.reverseBytes(address));
        ports.write(ADDRESS_LOW, 4, Integer.reverseBytes(ACCESS) & 0xffff_ffffL);
        return Integer.reverseBytes(memory.getInt(ACCESS));
    }

    private String text(long address, int length) {
        byte[] bytes = new byte[length];
        memory.read(address, bytes, 0, length);
        return new String(bytes, US_ASCII);
    }

    @Test
    void theDeviceIsRecognizedByItsSignatureAndItsFeatures() {
        attach(new Items());
        ports.write(SELECTOR, 2, 0);
        assertEquals("QEMU\0\0", data(6));
        ports.write(SELECTOR, 2, 1);
        assertEquals(3, ports.read(DATA, 1));
        assertEquals(0x554d_4551, ports.read(ADDRESS_HIGH, 4));
        assertEquals(0x4746_4320, ports.read(ADDRESS_LOW, 4));
    }

    @Test
    void selectingStartsAnItemFromItsBeginning() {
        attach(new Items().add(Key.CPUS, Content.u16(0x0203)));
        for (int i = 0; i < 2; i++) {
            ports.write(SELECTOR, 2, 5);
            assertEquals(3, ports.read(DATA, 1));
            assertEquals(2, ports.read(DATA, 1));
            assertEquals(0, ports.read(DATA, 1), "past the end");
        }
        ports.write(SELECTOR, 2, 0x4005);
        assertEquals(3, ports.read(DATA, 1), "the bit that asks for writing changes nothing");
        ports.write(SELECTOR, 2, 0x7777);
        assertEquals(0, ports.read(DATA, 1), "an item that is not there");
    }

    @Test
    void theDirectoryListsFilesByName() {
        attach(new Items().add("opt/b", Content.text("second")).add("etc/a", Content.text("one")));
        assertEquals(0, transfer(Key.FILE_DIRECTORY.number() << 16 | SELECT | READ, 132, BUFFER));
        byte[] bytes = new byte[132];
        memory.read(BUFFER, bytes, 0, bytes.length);
        ByteBuffer directory = ByteBuffer.wrap(bytes);
        assertEquals(2, directory.getInt());
        assertEquals(3, directory.getInt());
        assertEquals(0x20, directory.getShort());
        assertEquals(0, directory.getShort());
        assertEquals("etc/a\0", text(BUFFER + 12, 6));
        assertEquals(6, directory.getInt(68));
        assertEquals(0x21, directory.getShort(72));
        assertEquals("opt/b\0", text(BUFFER + 76, 6));
        ports.write(SELECTOR, 2, 0x21);
        assertEquals("second", data(6));
    }

    @Test
    void aTransferReadsOnWhereTheLastOneEnded() {
        attach(new Items().add("opt/x", Content.text("0123456789")));
        assertEquals(0, transfer(0x20 << 16 | SELECT, 0, 0));
        assertEquals(0, transfer(READ, 3, BUFFER));
        assertEquals(0, transfer(SKIP, 4, 0));
        assertEquals(0, transfer(READ, 2, BUFFER + 3));
        assertEquals("01278", text(BUFFER, 5));
        assertEquals("9", data(1));
        memory.putLong(BUFFER, -1);
        assertEquals(0, transfer(0x20 << 16 | SELECT | READ, 12, BUFFER));
        assertEquals("0123456789\0\0", text(BUFFER, 12), "zeros past the end");
    }

    @Test
    void skippingFarBeyondTheEndFindsZeros() {
        attach(new Items().add("opt/x", Content.text("0123456789")));
        transfer(0x20 << 16 | SELECT, 0, 0);
        assertEquals(0, transfer(SKIP, -1, 0));
        assertEquals(0, transfer(SKIP, -1, 0));
        memory.putLong(BUFFER, -1);
        assertEquals(0, transfer(READ, 4, BUFFER));
        assertEquals("\0\0\0\0", text(BUFFER, 4));
        assertEquals("\0", data(1));
    }

    @Test
    void aTransferThatCannotBeSetsTheErrorBit() {
        attach(new Items().add("opt/x", Content.text("0123456789")));
        transfer(0x20 << 16 | SELECT, 0, 0);
        assertEquals(ERROR, transfer(WRITE, 2, BUFFER), "no item can be written");
        assertEquals(ERROR, transfer(READ, 0x1000, (1 << 20) - 0xfff), "the end of RAM");
        assertEquals(ERROR, transfer(READ, -1, BUFFER));
        assertEquals(ERROR, transfer(READ, 1, -1));
        assertEquals(0, transfer(READ, 0, 1 << 20));
        assertEquals(0, transfer(READ, 1, BUFFER));
        assertEquals("0", text(BUFFER, 1), "the failed ones did not move on");
    }

    @Test
    void aTransferDescribedOutsideRamIsDropped() {
        attach(new Items());
        ports.write(ADDRESS_LOW, 4, Integer.reverseBytes((1 << 20) - 8) & 0xffff_ffffL);
        ports.write(ADDRESS_HIGH, 4, 0xffff_ffffL);
        ports.write(ADDRESS_LOW, 4, 0);
        assertEquals(0, transfer(SELECT | READ, 4, BUFFER), "the upper half counts once");
        assertEquals("QEMU", text(BUFFER, 4));
    }

    @Test
    void aPartOfAFileIsRead(@TempDir Path folder) throws IOException {
        Path path = Files.writeString(folder.resolve("kernel"), "0123456789");
        try (BootFile file = BootFile.open("kernel", path)) {
            attach(new Items().add(Key.KERNEL_DATA, Content.of(file, 4, 6)));
            assertEquals(0, transfer(0x11 << 16 | SELECT | READ, 8, BUFFER));
            assertEquals("456789\0\0", text(BUFFER, 8));
            ports.write(SELECTOR, 2, 0x11);
            assertEquals("45", data(2));
            Files.write(path, new byte[2], StandardOpenOption.TRUNCATE_EXISTING);
            assertEquals(ERROR, transfer(READ, 2, BUFFER), "the file was cut off meanwhile");
        }
    }

    @Test
    void namesMustFitAndDifferFromEachOther() {
        Items items = new Items().add("opt/x", Content.text("")).add(Key.CPUS, Content.u16(1));
        assertThrows(IllegalArgumentException.class, () -> items.add("opt/x", Content.text("")));
        assertThrows(IllegalArgumentException.class, () -> items.add("", Content.text("")));
        assertThrows(IllegalArgumentException.class, () -> items.add("a".repeat(56), Content.text("")));
        assertThrows(IllegalArgumentException.class, () -> items.add(Key.CPUS, Content.u16(2)));
        items.add("a".repeat(55), Content.text(""));
        items.addUnlessThere("opt/x", Content.text("another")).addUnlessThere("opt/y", Content.text("y"));
        attach(items);
        ports.write(SELECTOR, 2, 0x21);
        assertEquals("\0\0", data(2), "opt/x is as it was");
        ports.write(SELECTOR, 2, 0x22);
        assertEquals("y", data(1));
    }
}
