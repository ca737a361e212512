package vmm.firmware.bios;

import java.util.List;
import java.util.OptionalInt;

/**
 * What firmware is told by fw_cfg, besides the ACPI tables.
 *
 * @param cpus processors
 * @param bootOrder Open Firmware paths of the devices to start from, the first first
 * @param onlyThese true if nothing else is to be started
 * @param menu true if the user is to be offered a menu
 * @param menuMillis how long; firmware's own choice if it is empty
 * @param serialConsole the port of the UART that messages go to and keys come from, as 0x3F8; none if it is empty
 */
public record FirmwareConfig(
        int cpus,
        List<String> bootOrder,
        boolean onlyThese,
        boolean menu,
        OptionalInt menuMillis,
        OptionalInt serialConsole) {
    public FirmwareConfig {
        bootOrder = List.copyOf(bootOrder);
    }
}
