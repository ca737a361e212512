package vmm.firmware.bios;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import vmm.firmware.fwcfg.Content;
import vmm.firmware.fwcfg.Items;
import vmm.firmware.fwcfg.Key;
import vmm.kvm.VirtualMachine;
import vmm.memory.GuestMemory;

/** The items of fw_cfg that SeaBIOS and OVMF ask for. */
public final class FirmwareItems {
    private static final int E820_ENTRY = 20;
    private static final int E820_RAM = 1;
    private static final int E820_RESERVED = 2;

    /** A last line of the boot order that is no device: what is not before it is not started. */
    private static final String NOTHING_ELSE = "HALT";

    /**
     * Whether SeaBIOS puts what can be above 4 GiB to the end of the processor's address space, which is outside the
     * window that the ACPI tables tell.
     */
    private static final String SEABIOS_HIGH_BARS = "opt/org.seabios/pci64";

    /** For each ACPI sleep state a byte: its SLP_TYP, with this bit if the machine has the state. */
    private static final int HAS_STATE = 0x80;

    private FirmwareItems() {}

    /** Adds the items to those of the user. */
    public static void addTo(Items items, FirmwareConfig config, GuestMemory memory) {
        items.add(Key.NO_GRAPHIC, Content.u16(1))
                .add(Key.CPUS, Content.u16(config.cpus()))
                .add(Key.MOST_CPUS, Content.u16(config.cpus()))
                .add(Key.NUMA, Content.u64(new long[1 + config.cpus()]))
                .add(Key.BOOT_MENU, Content.u16(config.menu() ? 1 : 0))
                .add(Key.IRQ0_OVERRIDE, Content.u32(1))
                .add("etc/e820", e820(memory))
                .add("etc/system-states", Content.of(systemStates()))
                .add("bootorder", Content.of(bootOrder(config)))
                .addUnlessThere(SEABIOS_HIGH_BARS, Content.text("off"));
        config.menuMillis().ifPresent(millis -> items.add("etc/boot-menu-wait", Content.u64(millis)));
        // Without the file, firmware that finds no display would choose a port itself.
        items.add("etc/sercon-port", Content.u64(config.serialConsole().orElse(0)));
    }

    private static Content e820(GuestMemory memory) {
        List<GuestMemory.Region> ram = memory.regions();
        ByteBuffer entries = ByteBuffer.allocate((ram.size() + 1) * E820_ENTRY).order(ByteOrder.LITTLE_ENDIAN);
        entries.putLong(VirtualMachine.RESERVED_START)
                .putLong(VirtualMachine.RESERVED_SIZE)
                .putInt(E820_RESERVED);
        for (GuestMemory.Region region : ram) {
            entries.putLong(region.start()).putLong(region.size()).putInt(E820_RAM);
        }
        return Content.of(entries.array());
    }

    /** S0 and S5. */
    private static byte[] systemStates() {
        return new byte[] {(byte) HAS_STATE, 0, 0, 0, 0, (byte) HAS_STATE};
    }

    /** One path in each line, and a zero at the end. */
    private static byte[] bootOrder(FirmwareConfig config) {
        List<String> lines = new ArrayList<>(config.bootOrder());
        if (config.onlyThese()) {
            lines.add(NOTHING_ELSE);
        }
        return (String.join("\n", lines) + "\0").getBytes(StandardCharsets.US_ASCII);
    }
}
