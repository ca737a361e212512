package vmm.firmware.smbios;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import vmm.firmware.fwcfg.Content;
import vmm.firmware.fwcfg.Items;
import vmm.memory.GuestMemory;

/**
 * The SMBIOS structures of one machine and an entry point without addresses, which firmware completes. What describes
 * the firmware itself it adds on its own.
 */
public final class SmbiosTables {
    private static final String TABLES = "etc/smbios/smbios-tables";
    private static final String ANCHOR = "etc/smbios/smbios-anchor";

    private static final int SYSTEM = 1;
    private static final int CHASSIS = 3;
    private static final int PROCESSOR = 4;
    private static final int MEMORY_ARRAY = 16;
    private static final int MEMORY_DEVICE = 17;
    private static final int MAPPED_ADDRESS = 19;
    private static final int BOOT_STATUS = 32;
    private static final int END = 127;

    /** Handles say their structure's type. */
    private static final int HANDLES_PER_TYPE = 0x100;

    private static final int OTHER = 1;
    private static final int UNKNOWN = 2;
    private static final int SAFE = 3;
    private static final int NO_HANDLE = 0xffff;
    private static final int NO_ERROR_INFORMATION = 0xfffe;

    private static final int ANCHOR_SIZE_2_1 = 31;
    private static final int ANCHOR_SIZE_3_0 = 24;

    private final ByteArrayOutputStream tables = new ByteArrayOutputStream();
    private final EntryPoint entryPoint;
    private int count;
    private int longest;

    /**
     * The structures of a machine.
     *
     * @param cpus processors, which are cores of one
     */
    public SmbiosTables(SystemIdentity identity, int cpus, GuestMemory memory, EntryPoint entryPoint) {
        this.entryPoint = entryPoint;
        add(system(identity));
        add(chassis(identity));
        add(processor(identity, cpus));
        add(memoryArray(memory));
        add(memoryDevice(memory));
        int region = 0;
        for (GuestMemory.Region ram : memory.regions()) {
            add(mappedAddress(ram, region++));
        }
        add(structure(BOOT_STATUS, 0).zeros(6).u8(0)); // no errors
        add(structure(END, 0));
    }

    /** Gives firmware the structures. */
    public void addTo(Items items) {
        items.add(TABLES, Content.of(tables.toByteArray())).add(ANCHOR, Content.of(anchor()));
    }

    private void add(Structure structure) {
        byte[] bytes = structure.toByteArray();
        tables.write(bytes, 0, bytes.length);
        count++;
        longest = Math.max(longest, bytes.length);
    }

    private static Structure structure(int type, int number) {
        return new Structure(type, type * HANDLES_PER_TYPE + number);
    }

    /** 7.2. */
    private static Structure system(SystemIdentity identity) {
        return structure(SYSTEM, 0)
                .text(identity.manufacturer())
                .text(identity.product())
                .text(identity.version())
                .text(identity.serial())
                .uuid(identity.uuid())
                .u8(6) // woken by the power switch
                .text(identity.sku())
                .text(identity.family());
    }

    /** 7.4. */
    private static Structure chassis(SystemIdentity identity) {
        return structure(CHASSIS, 0)
                .text(identity.manufacturer())
                .u8(OTHER)
                .text(identity.version())
                .text(identity.serial())
                .text("") // asset tag
                .u8(SAFE) // when it was started
                .u8(SAFE) // power supply
                .u8(SAFE) // temperature
                .u8(UNKNOWN) // security
                .u32(0) // for its maker
                .u8(0) // height
                .u8(0) // power cords
                .u8(0) // contained elements
                .u8(0)
                .text(identity.sku());
    }

    /** 7.5. */
    private static Structure processor(SystemIdentity identity, int cpus) {
        return structure(PROCESSOR, 0)
                .text("CPU 0")
                .u8(3) // central processor
                .u8(OTHER) // family
                .text(identity.manufacturer())
                .u64(0) // CPUID's answer, which the guest can ask for itself
                .text(identity.version())
                .u8(0) // voltage
                .u16(0) // external clock
                .u16(0) // most MHz
                .u16(0) // MHz
                .u8(0x41) // there is one, and it is enabled
                .u8(OTHER) // socket
                .u16(NO_HANDLE) // caches
                .u16(NO_HANDLE)
                .u16(NO_HANDLE)
                .text("") // serial number
                .text("") // asset tag
                .text("") // part number
                .u8(cpus)
                .u8(cpus)
                .u8(cpus) // threads
                .u16(1 << 2 | 1 << 3) // 64 bits, several cores
                .u16(OTHER);
    }

    /** 7.17. */
    private static Structure memoryArray(GuestMemory memory) {
        return structure(MEMORY_ARRAY, 0)
                .u8(OTHER) // location
                .u8(3) // system memory
                .u8(3) // no error correction
                .u32(0x8000_0000L) // the capacity is below
                .u16(NO_ERROR_INFORMATION)
                .u16(1) // devices
                .u64(memory.size());
    }

    /** 7.18. */
    private static Structure memoryDevice(GuestMemory memory) {
        long mebibytes = memory.size() >> 20;
        return structure(MEMORY_DEVICE, 0)
                .u16(MEMORY_ARRAY * HANDLES_PER_TYPE)
                .u16(NO_ERROR_INFORMATION)
                .u16(NO_HANDLE) // widths are unknown
                .u16(NO_HANDLE)
                .u16(mebibytes < 0x7fff ? (int) mebibytes : 0x7fff)
                .u8(9) // DIMM
                .u8(0) // part of no set
                .text("DIMM 0")
                .text("") // bank
                .u8(7) // RAM
                .u16(1 << 1) // other
                .u16(0) // speed
                .text("") // manufacturer
                .text("") // serial number
                .text("") // asset tag
                .text("") // part number
                .u8(0) // rank
                .u32(mebibytes < 0x7fff ? 0 : mebibytes)
                .u16(0) // configured speed
                .u16(0) // voltages
                .u16(0)
                .u16(0);
    }

    /** 7.20. */
    private static Structure mappedAddress(GuestMemory.Region ram, int number) {
        long last = ram.start() + ram.size() - 1;
        boolean fits = last >> 10 < 0xffff_ffffL;
        return structure(MAPPED_ADDRESS, number)
                .u32(fits ? ram.start() >> 10 : 0xffff_ffffL)
                .u32(fits ? last >> 10 : 0xffff_ffffL)
                .u16(MEMORY_ARRAY * HANDLES_PER_TYPE)
                .u8(1) // devices in a row
                .u64(fits ? 0 : ram.start())
                .u64(fits ? 0 : last);
    }

    private byte[] anchor() {
        byte[] anchor = new byte[entryPoint == EntryPoint.BITS_32 ? ANCHOR_SIZE_2_1 : ANCHOR_SIZE_3_0];
        ByteBuffer fields = ByteBuffer.wrap(anchor).order(ByteOrder.LITTLE_ENDIAN);
        switch (entryPoint) {
            case BITS_32 -> anchor2(fields);
            case BITS_64 -> anchor3(fields);
        }
        return anchor;
    }

    /** 5.2.1, without checksums and address. */
    private void anchor2(ByteBuffer anchor) {
        ascii(anchor, "_SM_");
        anchor.put((byte) 0).put((byte) ANCHOR_SIZE_2_1);
        anchor.put((byte) 2).put((byte) 8).putShort((short) longest);
        anchor.put(new byte[6]);
        ascii(anchor, "_DMI_");
        anchor.put((byte) 0).putShort((short) tables.size()).putInt(0).putShort((short) count);
        anchor.put((byte) 0x28);
    }

    /** SMBIOS 3.0 5.2.2, without checksum and address. */
    private void anchor3(ByteBuffer anchor) {
        ascii(anchor, "_SM3_");
        anchor.put((byte) 0).put((byte) ANCHOR_SIZE_3_0);
        anchor.put((byte) 3).put((byte) 0).put((byte) 0).put((byte) 1).put((byte) 0);
        anchor.putInt(tables.size()).putLong(0);
    }

    private static void ascii(ByteBuffer to, String text) {
        to.put(text.getBytes(StandardCharsets.US_ASCII));
    }
}
