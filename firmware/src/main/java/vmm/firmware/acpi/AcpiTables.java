package vmm.firmware.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import vmm.firmware.fwcfg.Content;
import vmm.firmware.fwcfg.Items;
import vmm.firmware.fwcfg.LoaderScript;
import vmm.memory.GuestMemory;

/**
 * The ACPI tables of one machine (ACPI 6.5 chapter 5), as two files and the script that links them: firmware runs it,
 * and {@link #install} does on a machine without. Immutable.
 */
public final class AcpiTables {
    /** The file that has the RSDP. */
    private static final String RSDP = "etc/acpi/rsdp";

    /** The file that has everything else. */
    private static final String TABLES = "etc/acpi/tables";

    /** Where {@link #install} begins: with the RSDP, where a guest that was not told looks for it (5.2.5.1). */
    private static final int START = 0xe_0000;

    private static final int END = 0x10_0000;

    private static final int RSDP_SIZE = 36;
    private static final int RSDP_SIZE_1_0 = 20;
    private static final int RSDP_ALIGNMENT = 16;
    private static final int RSDP_CHECKSUM = 8;
    private static final int RSDP_RSDT = 16;
    private static final int RSDP_XSDT = 24;
    private static final int RSDP_EXTENDED_CHECKSUM = 32;
    private static final int FACS_SIZE = 64;

    /** What the tables are aligned to; a FACS needs it. */
    private static final int ALIGNMENT = 64;

    /** Where a table is in guest memory that {@link #install} filled, in bytes. */
    record Placed(String name, int address, int length) {}

    /** A table's pointer to another: where it is in its own table, and how many bytes it has. */
    record Pointer(int offset, int size) {
        /** Nothing but pointers from one offset to another. */
        static List<Pointer> list(int start, int end, int size) {
            return IntStream.iterate(start, at -> at < end, at -> at + size)
                    .mapToObj(at -> new Pointer(at, size))
                    .toList();
        }
    }

    private final List<Placed> placed = new ArrayList<>();
    private final LoaderScript script = new LoaderScript();
    private final byte[] rsdp;
    private final byte[] tables;

    private AcpiTables(AcpiConfig config) {
        script.allocate(TABLES, ALIGNMENT, LoaderScript.Zone.HIGH);
        script.allocate(RSDP, RSDP_ALIGNMENT, LoaderScript.Zone.F_SEGMENT);
        ByteBuffer file = ByteBuffer.allocate(END - START - ALIGNMENT);
        placed.add(new Placed("RSDP", START, RSDP_SIZE));
        int facs = place(file, "FACS", facs());
        int dsdt = place(file, "DSDT", Dsdt.table(config));
        int fadt = link(file, "FACP", Fadt.table(config, facs, dsdt), Fadt.POINTERS);
        int madt = place(file, "APIC", Madt.table(config.cpus()));
        byte[] root = new SystemTable("RSDT", 1).u32(fadt).u32(madt).toByteArray();
        int rsdt = link(file, "RSDT", root, Pointer.list(SystemTable.HEADER_SIZE, root.length, Integer.BYTES));
        byte[] extended = new SystemTable("XSDT", 1).u64(fadt).u64(madt).toByteArray();
        int xsdt = link(file, "XSDT", extended, Pointer.list(SystemTable.HEADER_SIZE, extended.length, Long.BYTES));
        tables = Arrays.copyOf(file.array(), file.position());
        rsdp = rsdp(rsdt, xsdt);
        script.addPointer(RSDP, RSDP_RSDT, Integer.BYTES, TABLES)
                .addPointer(RSDP, RSDP_XSDT, Long.BYTES, TABLES)
                .addChecksum(RSDP, RSDP_CHECKSUM, 0, RSDP_SIZE_1_0)
                .addChecksum(RSDP, RSDP_EXTENDED_CHECKSUM, 0, RSDP_SIZE);
    }

    /** The tables of a machine. */
    public static AcpiTables of(AcpiConfig config) {
        return new AcpiTables(config);
    }

    /**
     * Gives firmware the tables, which puts them where it likes. They say where things are when firmware first asks for
     * one of the files: it has placed devices by then, and may turn them off before it reads the next.
     *
     * @param config called again by the thread that reads first; the tables are as long whatever it says
     */
    public static void addTo(Items items, Supplier<AcpiConfig> config) {
        AcpiTables now = of(config.get());
        Late late = new Late(config);
        items.add(TABLES, Content.late(now.tables.length, () -> late.made().tables))
                .add(RSDP, Content.late(now.rsdp.length, () -> late.made().rsdp))
                .add(
                        LoaderScript.FILE,
                        Content.late(
                                now.script.encode().length,
                                () -> late.made().script.encode()));
    }

    /** Tables that are made once, when somebody asks. */
    private static final class Late {
        private final Supplier<AcpiConfig> config;
        private @Nullable AcpiTables made;

        Late(Supplier<AcpiConfig> config) {
            this.config = config;
        }

        synchronized AcpiTables made() {
            if (made == null) {
                made = of(config.get());
            }
            return made;
        }
    }

    /**
     * Writes the tables into guest memory between 0xE0000 and 0xFFFFF.
     *
     * @param memory of at least 1 MiB
     * @return guest physical address of the RSDP
     */
    public long install(GuestMemory memory) {
        memory.write(START, image());
        return START;
    }

    List<Placed> placed() {
        return List.copyOf(placed);
    }

    byte[] bytes(Placed table) {
        int start = table.address - START;
        return Arrays.copyOfRange(image(), start, start + table.length);
    }

    /** Everything as it is in memory. */
    private byte[] image() {
        byte[] image = Arrays.copyOf(rsdp, ALIGNMENT + tables.length);
        System.arraycopy(tables, 0, image, ALIGNMENT, tables.length);
        ByteBuffer first = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer others = first.slice(ALIGNMENT, tables.length).order(ByteOrder.LITTLE_ENDIAN);
        script.link(Map.of(
                RSDP,
                new LoaderScript.Placed(first, START),
                TABLES,
                new LoaderScript.Placed(others, START + ALIGNMENT)));
        return image;
    }

    /** Appends a table to the file and returns where it begins there. */
    private int place(ByteBuffer file, String name, byte[] table) {
        int offset = (file.position() + ALIGNMENT - 1) & -ALIGNMENT;
        if (table.length > file.capacity() - offset) {
            throw new IllegalStateException("The ACPI tables do not fit below 1 MiB.");
        }
        file.position(offset).put(table);
        placed.add(new Placed(name, START + ALIGNMENT + offset, table.length));
        return offset;
    }

    /** The same for a table that has pointers: offsets in the file so far. */
    private int link(ByteBuffer file, String name, byte[] table, List<Pointer> pointers) {
        table[SystemTable.CHECKSUM] = 0;
        int offset = place(file, name, table);
        for (Pointer pointer : pointers) {
            script.addPointer(TABLES, offset + pointer.offset(), pointer.size(), TABLES);
        }
        script.addChecksum(TABLES, offset + SystemTable.CHECKSUM, offset, table.length);
        return offset;
    }

    /** The Root System Description Pointer (5.2.5.3), not yet linked. */
    private static byte[] rsdp(int rsdt, int xsdt) {
        ByteBuffer rsdp = ByteBuffer.allocate(RSDP_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        rsdp.put("RSD PTR ".getBytes(StandardCharsets.US_ASCII));
        rsdp.put((byte) 0); // checksum of ACPI 1.0
        rsdp.put(SystemTable.OEM_ID.getBytes(StandardCharsets.US_ASCII));
        rsdp.put((byte) 2); // revision
        rsdp.putInt(rsdt);
        rsdp.putInt(RSDP_SIZE);
        rsdp.putLong(xsdt);
        return rsdp.array();
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
