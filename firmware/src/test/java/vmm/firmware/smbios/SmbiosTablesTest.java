package vmm.firmware.smbios;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import vmm.bus.Bus;
import vmm.firmware.fwcfg.FwCfg;
import vmm.firmware.fwcfg.Items;
import vmm.memory.GuestMemory;

class SmbiosTablesTest {
    private static final int ANCHOR_KEY = 0x20;
    private static final int TABLES_KEY = 0x21;

    private static final SystemIdentity IDENTITY = new SystemIdentity(
            "Maker",
            "Thing",
            "Mark 2",
            "S-1",
            UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"),
            "SKU-9",
            "Things");

    private static byte[][] files(EntryPoint entryPoint) {
        GuestMemory memory = GuestMemory.detached(640 << 20);
        Items items = new Items();
        new SmbiosTables(IDENTITY, 3, memory, entryPoint).addTo(items);
        Bus ports = new Bus();
        new FwCfg(memory, items).attach(ports);
        // In alphabetical order: etc/smbios/smbios-anchor, etc/smbios/smbios-tables.
        int anchor = entryPoint == EntryPoint.BITS_32 ? 31 : 24;
        byte[] first = read(ports, ANCHOR_KEY, anchor);
        int size = ByteBuffer.wrap(first)
                .order(ByteOrder.LITTLE_ENDIAN)
                .getShort(entryPoint == EntryPoint.BITS_32 ? 22 : 12);
        return new byte[][] {first, read(ports, TABLES_KEY, size)};
    }

    private static byte[] read(Bus ports, int key, int length) {
        ports.write(FwCfg.PORT, 2, key);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) ports.read(FwCfg.PORT + 1, 1);
        }
        return bytes;
    }

    /** Does what firmware does: gives the structures a place, and the entry point its address and checksums. */
    private static byte[] dump(EntryPoint entryPoint) {
        byte[][] files = files(entryPoint);
        byte[] dump = Arrays.copyOf(files[0], 32 + files[1].length);
        ByteBuffer anchor = ByteBuffer.wrap(dump).order(ByteOrder.LITTLE_ENDIAN);
        anchor.put(32, files[1]);
        switch (entryPoint) {
            case BITS_32 -> {
                anchor.putInt(24, 32);
                checksum(dump, 21, 16, 31);
                checksum(dump, 4, 0, 31);
            }
            case BITS_64 -> {
                anchor.putLong(16, 32);
                checksum(dump, 5, 0, 24);
            }
        }
        return dump;
    }

    private static void checksum(byte[] bytes, int at, int start, int end) {
        for (int i = start; i < end; i++) {
            if (i != at) {
                bytes[at] -= bytes[i];
            }
        }
    }

    @Test
    void everyStructureIsWhereTheOneBeforeItEnds() {
        byte[][] files = files(EntryPoint.BITS_32);
        ByteBuffer anchor = ByteBuffer.wrap(files[0]).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer tables = ByteBuffer.wrap(files[1]).order(ByteOrder.LITTLE_ENDIAN);
        int at = 0;
        int count = 0;
        int longest = 0;
        int type = 0;
        while (at < tables.capacity()) {
            type = tables.get(at);
            int end = at + tables.get(at + 1);
            while (tables.getShort(end) != 0) {
                end++;
            }
            longest = Math.max(longest, end + 2 - at);
            at = end + 2;
            count++;
        }
        assertEquals(tables.capacity(), at);
        assertEquals(127, type);
        assertEquals(8, count);
        assertEquals(count, anchor.getShort(28));
        assertEquals(longest, anchor.getShort(8));
    }

    @ParameterizedTest
    @EnumSource
    void dmidecodeReadsWhatTheyAreMeantToSay(EntryPoint entryPoint, @TempDir Path folder) throws Exception {
        assumeTrue(installed(), "dmidecode is not installed");
        Path dump = Files.write(folder.resolve("dump"), dump(entryPoint));
        String text = dmidecode(dump);
        for (String part : List.of(
                entryPoint == EntryPoint.BITS_32 ? "SMBIOS 2.8 present." : "SMBIOS 3.0.0 present.",
                "Manufacturer: Maker",
                "Product Name: Thing",
                "Version: Mark 2",
                "Serial Number: S-1",
                "UUID: 00112233-4455-6677-8899-aabbccddeeff",
                "SKU Number: SKU-9",
                "Family: Things",
                "Core Count: 3",
                "64-bit capable",
                "Maximum Capacity: 640 MB",
                "Size: 640 MB",
                "Range Size: 640 MB",
                "Status: No errors detected",
                "End Of Table")) {
            assertTrue(text.contains(part), () -> part + " is not in: " + text);
        }
        String lower = text.toLowerCase(Locale.ROOT);
        for (String complaint : List.of("out of spec", "bad index", "wrong", "invalid", "truncated", "broken")) {
            assertTrue(!lower.contains(complaint), text);
        }
    }

    private static boolean installed() {
        return Files.isExecutable(Path.of("/usr/sbin/dmidecode"));
    }

    private static String dmidecode(Path dump) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("/usr/sbin/dmidecode", "--from-dump", dump.toString())
                .redirectErrorStream(true)
                .start();
        String text = new String(process.getInputStream().readAllBytes(), ISO_8859_1);
        assertEquals(0, process.waitFor(), text);
        return text;
    }
}
