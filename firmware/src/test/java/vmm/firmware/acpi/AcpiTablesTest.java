package vmm.firmware.acpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.bus.Bus;
import vmm.firmware.Iasl;
import vmm.firmware.fwcfg.FwCfg;
import vmm.firmware.fwcfg.Items;
import vmm.memory.GuestMemory;

class AcpiTablesTest {
    private static final AcpiConfig CONFIG = new AcpiConfig(2, 0x600, 0xC000_0000L, 0x2_0000_0000L, 1L << 35, true);

    @ParameterizedTest
    @ValueSource(ints = {1, 8, AcpiConfig.MAX_CPUS})
    void iaslDisassemblesEveryTableAndCompilesItToTheSameBytes(int cpus, @TempDir Path folder) throws IOException {
        Iasl.assumeInstalled();
        AcpiConfig config = new AcpiConfig(cpus, 0x600, 0xC000_0000L, 0x2_0000_0000L, 1L << 35, true);
        AcpiTables tables = AcpiTables.of(config);
        roundTrip(tables, folder);
    }

    @Test
    void iaslReadsWhatTheTablesAreMeantToSay(@TempDir Path folder) throws IOException {
        Iasl.assumeInstalled();
        String all = roundTrip(AcpiTables.of(CONFIG), folder);
        for (String part : List.of(
                "SCI Interrupt : 0009",
                "PM Timer Block Address : 00000608",
                "GPE0 Block Address : 0000060C",
                "GPE0 Block Length : 04",
                "RTC Century Index : 32",
                "Legacy Devices Supported (V2) : 1",
                "8042 Present on ports 60/64 (V2) : 1",
                "CMOS RTC Not Present (V5) : 0",
                "Control Method Power Button (V1) : 0",
                "Reset Register Supported (V2) : 1",
                "[Generic Address Structure]",
                "Value to cause reset : 06",
                "Hardware Reduced (V5) : 0",
                "Name (_HID, EisaId (\"PNP0A03\")",
                "0xC0000000,         // Range Minimum",
                "0xFEBFFFFF,         // Range Maximum",
                "0x0000000200000000, // Range Minimum",
                "0x00000009FFFFFFFF, // Range Maximum",
                "OperationRegion (PIRQ, PCI_Config, 0x60, 0x04)",
                "Name (_HID, \"QEMU0002\")",
                "OperationRegion (SLTR, SystemIO, 0xAE00, 0x14)",
                "Method (_OST, 3",
                "Method (_E01, 0, NotSerialized)",
                "Device (SL1F)",
                "Name (_SUN, 0x1F)",
                "Name (\\_S5, Package (0x04)")) {
            assertTrue(all.contains(part), part);
        }
    }

    @Test
    void aGuestFindsEveryTableFromTheRsdpOn() {
        GuestMemory memory = GuestMemory.detached(1 << 20);
        long rsdp = AcpiTables.of(CONFIG).install(memory);
        assertTrue(rsdp >= 0xe_0000 && rsdp < 0x10_0000 && rsdp % 16 == 0, "where Linux scans");
        assertEquals("RSD PTR ", text(memory, rsdp, 8));
        assertEquals(0, sum(memory, rsdp, 20));
        assertEquals(0, sum(memory, rsdp, 36));
        long xsdt = memory.getLong(rsdp + 24);
        long rsdt = memory.getInt(rsdp + 16);
        assertTable(memory, xsdt, "XSDT");
        assertTable(memory, rsdt, "RSDT");
        long fadt = memory.getLong(xsdt + 36);
        long madt = memory.getLong(xsdt + 44);
        assertEquals(fadt, memory.getInt(rsdt + 36));
        assertEquals(madt, memory.getInt(rsdt + 40));
        assertTable(memory, fadt, "FACP");
        assertTable(memory, madt, "APIC");
        assertEquals(276, memory.getInt(fadt + 4), "the length that ACPI 6 gives a FADT");
        assertTable(memory, memory.getLong(fadt + 140), "DSDT");
        assertEquals(memory.getInt(fadt + 40), memory.getLong(fadt + 140));
        long facs = memory.getInt(fadt + 36);
        assertEquals("FACS", text(memory, facs, 4));
        assertEquals(0, facs % 64);
    }

    private static final int RSDP_AT = 0xf_5550;
    private static final int TABLES_AT = 0x2_0000;

    @Test
    void firmwareThatFollowsTheScriptGetsTheSameTables() throws IOException {
        GuestMemory memory = linkedByFirmware();
        assertEquals(0, sum(memory, RSDP_AT, 20));
        assertEquals(0, sum(memory, RSDP_AT, 36));
        long xsdt = memory.getLong(RSDP_AT + 24);
        long rsdt = memory.getInt(RSDP_AT + 16);
        assertTable(memory, xsdt, "XSDT");
        assertTable(memory, rsdt, "RSDT");
        long fadt = memory.getLong(xsdt + 36);
        assertEquals(fadt, memory.getInt(rsdt + 36));
        assertTable(memory, fadt, "FACP");
        assertTable(memory, memory.getLong(xsdt + 44), "APIC");
        assertTable(memory, memory.getLong(fadt + 140), "DSDT");
        assertEquals("FACS", text(memory, memory.getInt(fadt + 36), 4));
    }

    @Test
    void iaslCompilesToTheSameBytesWhatFirmwareLinked(@TempDir Path folder) throws IOException {
        Iasl.assumeInstalled();
        GuestMemory memory = linkedByFirmware();
        long xsdt = memory.getLong(RSDP_AT + 24);
        long fadt = memory.getLong(xsdt + 36);
        List<Long> all = List.of(
                xsdt,
                (long) memory.getInt(RSDP_AT + 16),
                fadt,
                memory.getLong(xsdt + 44),
                memory.getLong(fadt + 140),
                (long) memory.getInt(fadt + 36));
        for (long table : all) {
            byte[] bytes = new byte[memory.getInt(table + 4)];
            memory.read(table, bytes, 0, bytes.length);
            Iasl.roundTrip(folder, text(memory, table, 4), bytes);
        }
    }

    @Test
    void theFilesSayWhereThingsWereWhenFirmwareFirstReadOneOfThem() {
        int[] pmBase = {0x600};
        Bus ports = new Bus();
        Items items = new Items();
        AcpiTables.addTo(items, () -> new AcpiConfig(1, pmBase[0], 0xC000_0000L, 1L << 32, 1L << 30, true));
        new FwCfg(GuestMemory.detached(1 << 20), items).attach(ports);
        pmBase[0] = 0xb000;
        file(ports, 0x22, 1);
        pmBase[0] = 0;
        String tables = new String(file(ports, 0x21, 16 << 10), StandardCharsets.ISO_8859_1);
        ByteBuffer fadt = ByteBuffer.wrap(
                        tables.substring(tables.indexOf("FACP")).getBytes(StandardCharsets.ISO_8859_1))
                .order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(0xb000, fadt.getInt(56));
        assertEquals(0xb008, fadt.getInt(76));
    }

    /** The guest chooses them, and the files' sizes are told before. */
    @Test
    void theTablesAreAsLongWhereverFirmwarePlacesThings() {
        int length = length(new AcpiConfig(3, 0x600, 0xC000_0000L, 1L << 32, 1L << 30, true));
        for (int pmBase : new int[] {0x40, 0xffc0}) {
            for (long start : new long[] {1 << 20, 0x1234_5000L, AcpiConfig.PCI32_LAST - 4095}) {
                for (long end : new long[] {(1L << 32) + 4096, 1L << 52}) {
                    assertEquals(length, length(new AcpiConfig(3, pmBase, start, 1L << 32, end - (1L << 32), true)));
                }
            }
        }
    }

    private static int length(AcpiConfig config) {
        AcpiTables.Placed last = AcpiTables.of(config).placed().getLast();
        return last.address() + last.length();
    }

    /** A loader written from its specification alone, with each file somewhere else than install() has it. */
    private static GuestMemory linkedByFirmware() throws IOException {
        GuestMemory memory = GuestMemory.detached(1 << 20);
        Bus ports = new Bus();
        Items items = new Items();
        AcpiTables.addTo(items, () -> CONFIG);
        new FwCfg(memory, items).attach(ports);
        // In alphabetical order: etc/acpi/rsdp, etc/acpi/tables, etc/table-loader.
        byte[] rsdp = file(ports, 0x20, 36);
        byte[] tables = file(ports, 0x21, 16 << 10);
        ByteBuffer script = ByteBuffer.wrap(file(ports, 0x22, 128 * 32)).order(ByteOrder.LITTLE_ENDIAN);
        int allocated = 0;
        for (int at = 0; script.getInt(at) != 0; at += 128) {
            boolean inRsdp = name(script, at + 4).equals("etc/acpi/rsdp");
            assertTrue(inRsdp || name(script, at + 4).equals("etc/acpi/tables"));
            ByteBuffer file = ByteBuffer.wrap(inRsdp ? rsdp : tables).order(ByteOrder.LITTLE_ENDIAN);
            switch (script.getInt(at)) {
                case 1 -> {
                    assertEquals(inRsdp ? 16 : 64, script.getInt(at + 60));
                    assertEquals(inRsdp ? 2 : 1, script.get(at + 64));
                    allocated++;
                }
                case 2 -> {
                    assertEquals(2, allocated);
                    assertEquals("etc/acpi/tables", name(script, at + 60));
                    int offset = script.getInt(at + 116);
                    int size = script.get(at + 120);
                    assertTrue(size == 4 || file.getInt(offset + 4) == 0);
                    file.putInt(offset, file.getInt(offset) + TABLES_AT);
                }
                case 3 -> {
                    int offset = script.getInt(at + 60);
                    assertEquals(0, file.get(offset));
                    int sum = 0;
                    for (int i = 0; i < script.getInt(at + 68); i++) {
                        sum += file.get(script.getInt(at + 64) + i);
                    }
                    file.put(offset, (byte) -sum);
                }
                default -> throw new AssertionError("command " + script.getInt(at));
            }
        }
        memory.write(RSDP_AT, rsdp);
        memory.write(TABLES_AT, tables);
        return memory;
    }

    private static byte[] file(Bus ports, int key, int length) {
        ports.write(FwCfg.PORT, 2, key);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) ports.read(FwCfg.PORT + 1, 1);
        }
        return bytes;
    }

    private static String name(ByteBuffer script, int at) {
        byte[] name = new byte[56];
        script.get(at, name);
        return new String(name, StandardCharsets.US_ASCII).trim();
    }

    @Test
    void aMachineThatCannotBeDescribedIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new AcpiConfig(0, 0x600, 0xC000_0000L, 0, 0, false));
        assertThrows(IllegalArgumentException.class, () -> new AcpiConfig(256, 0x600, 0xC000_0000L, 0, 0, false));
        assertThrows(IllegalArgumentException.class, () -> new AcpiConfig(1, 0x600, 0xC000_0000L, 0, 4096, false));
        assertThrows(
                IllegalArgumentException.class, () -> new AcpiConfig(1, 0x600, 0xC000_0000L, 1L << 32, 4095, false));
    }

    private static String roundTrip(AcpiTables tables, Path folder) throws IOException {
        StringBuilder asl = new StringBuilder();
        for (AcpiTables.Placed table : tables.placed()) {
            if (!table.name().equals("RSDP")) { // which iasl does not read from a file
                asl.append(Iasl.roundTrip(folder, table.name(), tables.bytes(table)));
            }
        }
        return asl.toString();
    }

    private static void assertTable(GuestMemory memory, long address, String signature) {
        assertEquals(signature, text(memory, address, 4));
        assertEquals(0, sum(memory, address, memory.getInt(address + 4)), signature + "'s checksum");
    }

    private static int sum(GuestMemory memory, long address, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += memory.getByte(address + i);
        }
        return sum & 0xff;
    }

    private static String text(GuestMemory memory, long address, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) memory.getByte(address + i));
        }
        return text.toString();
    }
}
