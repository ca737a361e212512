package vmm.firmware.bios;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import vmm.bus.Bus;
import vmm.firmware.fwcfg.FwCfg;
import vmm.firmware.fwcfg.Items;
import vmm.memory.GuestMemory;

/** What firmware reads, by the ports that it reads. */
class FirmwareItemsTest {
    private final Bus ports = new Bus();

    private void attach(FirmwareConfig config) {
        GuestMemory memory = GuestMemory.detached(64 << 20);
        Items items = new Items();
        FirmwareItems.addTo(items, config, memory);
        new FwCfg(memory, items).attach(ports);
    }

    private static FirmwareConfig config(boolean strict, boolean menu) {
        return new FirmwareConfig(
                3, List.of("/pci@i0cf8/scsi@4/disk@0,0"), strict, menu, OptionalInt.of(500), OptionalInt.of(0x3f8));
    }

    private ByteBuffer item(int key, int length) {
        ports.write(FwCfg.PORT, 2, key);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) ports.read(FwCfg.PORT + 1, 1);
        }
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private ByteBuffer file(String name) {
        ByteBuffer directory = item(0x19, 4 + 64 * 16).order(ByteOrder.BIG_ENDIAN);
        for (int at = 4; at < 4 + 64 * directory.getInt(0); at += 64) {
            byte[] here = new byte[56];
            directory.get(at + 8, here);
            if (new String(here, US_ASCII).trim().equals(name)) {
                return item(directory.getShort(at + 4), directory.getInt(at));
            }
        }
        throw new AssertionError("no file " + name);
    }

    @Test
    void itKnowsItsProcessorsAndNoNodes() {
        attach(config(false, false));
        assertEquals(3, item(5, 2).getShort());
        assertEquals(3, item(0x0f, 2).getShort());
        assertEquals(0, item(0x0d, 8).getLong());
        assertEquals(1, item(4, 2).getShort());
    }

    @Test
    void itKnowsAllRamAndWhatIsReserved() {
        attach(config(false, false));
        ByteBuffer map = file("etc/e820");
        assertEquals(40, map.capacity());
        assertEquals(0xfeff_c000L, map.getLong());
        assertEquals(0x4000, map.getLong());
        assertEquals(2, map.getInt());
        assertEquals(0, map.getLong());
        assertEquals(64 << 20, map.getLong());
        assertEquals(1, map.getInt());
    }

    @Test
    void theBootOrderIsLinesAndNothingElseIfStrict() {
        attach(config(true, true));
        assertEquals(
                "/pci@i0cf8/scsi@4/disk@0,0\nHALT\0",
                new String(file("bootorder").array(), US_ASCII));
        assertEquals(1, item(0x0e, 2).getShort());
        assertEquals(500, file("etc/boot-menu-wait").getLong());
        assertEquals(0x3f8, file("etc/sercon-port").getLong());
    }

    @Test
    void theOnlySleepStateIsS5() {
        attach(config(false, false));
        ByteBuffer states = file("etc/system-states");
        assertEquals(6, states.capacity());
        assertEquals(0, states.get(3));
        assertEquals((byte) 0x80, states.get(5));
        assertEquals(0, item(0x0e, 2).getShort(), "no menu");
    }
}
