package vmm.firmware.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import vmm.memory.GuestMemory;

/** The ACPI tables of one machine (ACPI 6.5 chapter 5), ready to be put into its memory. Immutable. */
public final class AcpiTables {
    /** Where the tables begin: with the RSDP, where a guest that was not told looks for it (5.2.5.1). */
    private static final int START = 0xe_0000;

    private static final int END = 0x10_0000;

    private static final int RSDP_SIZE = 36;
    private static final int RSDP_SIZE_1_0 = 20;
    private static final int FACS_SIZE = 64;

    /** What the tables are aligned to; a FACS needs it. */
    private static final int ALIGNMENT = 64;

    /** Where a table is in guest memory, in bytes. */
    record Placed(String name, int address, int length) {}

    private final byte[] image = new byte[END - START];
    private final List<Placed> placed = new ArrayList<>();
    private int free = START;

    private AcpiTables(AcpiConfig config) {
        int rsdp = place("RSDP", new byte[RSDP_SIZE]); // filled in when the others have their places
        int facs = place("FACS", facs());
        int dsdt = place("DSDT", Dsdt.table(config));
        int fadt = place("FACP", Fadt.table(facs, dsdt));
        int madt = place("APIC", Madt.table(config.cpus()));
        int rsdt = place("RSDT", new SystemTable("RSDT", 1).u32(fadt).u32(madt).toByteArray());
        int xsdt = place("XSDT", new SystemTable("XSDT", 1).u64(fadt).u64(madt).toByteArray());
        System.arraycopy(rsdp(rsdt, xsdt), 0, image, rsdp - START, RSDP_SIZE);
    }

    /** The tables of a machine. */
    public static AcpiTables of(AcpiConfig config) {
        return new AcpiTables(config);
    }

    /**
     * Writes the tables into guest memory between 0xE0000 and 0xFFFFF.
     *
     * @param memory of at least 1 MiB
     * @return guest physical address of the RSDP
     */
    public long install(GuestMemory memory) {
        memory.write(START, image, 0, free - START);
        return START;
    }

    List<Placed> placed() {
        return List.copyOf(placed);
    }

    byte[] bytes(Placed table) {
        int start = table.address - START;
        return Arrays.copyOfRange(image, start, start + table.length);
    }

    private int place(String name, byte[] table) {
        int address = (free + ALIGNMENT - 1) & -ALIGNMENT;
        if (table.length > END - address) {
            throw new IllegalStateException("The ACPI tables do not fit below 1 MiB.");
        }
        System.arraycopy(table, 0, image, address - START, table.length);
        placed.add(new Placed(name, address, table.length));
        free = address + table.length;
        return address;
    }

    /** The Root System Description Pointer (5.2.5.3). */
    private static byte[] rsdp(int rsdt, int xsdt) {
        byte[] bytes = new byte[RSDP_SIZE];
        ByteBuffer rsdp = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        rsdp.put("RSD PTR ".getBytes(StandardCharsets.US_ASCII));
        rsdp.put((byte) 0); // checksum of ACPI 1.0
        rsdp.put(SystemTable.OEM_ID.getBytes(StandardCharsets.US_ASCII));
        rsdp.put((byte) 2); // revision
        rsdp.putInt(rsdt);
        rsdp.putInt(RSDP_SIZE);
        rsdp.putLong(xsdt);
        bytes[8] = SystemTable.checksum(bytes, RSDP_SIZE_1_0);
        bytes[32] = SystemTable.checksum(bytes, RSDP_SIZE);
        return bytes;
    }

    /** The Firmware ACPI Control Structure (5.2.10), version 2. */
    private static byte[] facs() {
        ByteBuffer facs = ByteBuffer.allocate(FACS_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        facs.put("FACS".getBytes(StandardCharsets.US_ASCII));
        facs.putInt(FACS_SIZE);
        facs.put(32, (byte) 2);
        return facs.array();
    }
}
