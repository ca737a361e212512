package vmm.launcher;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import vmm.machine.BootOptions;
import vmm.machine.ConfigurationException;
import vmm.machine.FirmwareSource;
import vmm.machine.FwCfgItem;
import vmm.machine.StateFolder;

/** Reads the option values that are for firmware. Pure: looks at no file. */
final class BootArguments {
    private static final List<String> BOOT_KEYS = List.of("order", "strict", "menu", "splash-time");
    private static final List<String> ITEM_KEYS = List.of("name", "string", "file");

    private BootArguments() {}

    /**
     * The values of {@code --firmware}, of which empty means this host's SeaBIOS, and {@code --firmware-vars}.
     *
     * @param machine the name that the user gave the machine, if there is one
     */
    static FirmwareSource firmware(String text, Optional<Path> variables, Optional<String> machine) {
        return switch (text) {
            case "", "seabios" -> {
                if (variables.isPresent()) {
                    throw new ConfigurationException("--firmware-vars is for UEFI firmware, and SeaBIOS keeps no"
                            + " variables; add --firmware ovmf, or leave it out.");
                }
                yield new FirmwareSource.SeaBios();
            }
            case "ovmf" -> new FirmwareSource.Ovmf(variables.or(() -> machine.map(StateFolder::variables)));
            default -> new FirmwareSource.Image(Path.of(text), variables);
        };
    }

    /** The value of {@code --boot}, of which the order may stand alone as in QEMU's {@code -boot dc}. */
    static BootOptions options(String text) {
        if (text.isEmpty()) {
            return BootOptions.DEFAULT;
        }
        KeyValues values = KeyValues.parse("--boot", text.contains("=") ? text : "order=" + text, BOOT_KEYS);
        return new BootOptions(
                values.get("order").map(BootArguments::order).orElse(BootOptions.DEFAULT.order()),
                values.isOn("strict"),
                values.isOn("menu"),
                values.number("splash-time"));
    }

    private static String order(String letters) {
        boolean known = letters.chars().allMatch(letter -> BootOptions.LETTERS.indexOf(letter) >= 0);
        if (letters.isEmpty() || !known || letters.chars().distinct().count() < letters.length()) {
            throw new ConfigurationException("--boot order=" + letters
                    + " must be letters that differ from each other, c for disks and d for CD-ROM drives; write for"
                    + " example order=dc.");
        }
        return letters;
    }

    /** The value of {@code --fw-cfg}. */
    static FwCfgItem fwCfgItem(String text) {
        String full = text.startsWith(FwCfgItem.PREFIX) ? "name=" + text : text;
        KeyValues values = KeyValues.parse("--fw-cfg", full, ITEM_KEYS);
        Optional<String> name = values.get("name");
        Optional<String> string = values.get("string");
        Optional<String> file = values.get("file");
        if (name.isEmpty() || string.isPresent() == file.isPresent()) {
            throw new ConfigurationException("--fw-cfg " + text
                    + " must have a name= and either string= or file=; write for example"
                    + " name=opt/org.example/key,string=value.");
        }
        return new FwCfgItem(
                name.get(),
                string.isPresent()
                        ? new FwCfgItem.Value.Text(string.get())
                        : new FwCfgItem.Value.FileContents(Path.of(file.orElseThrow())));
    }
}
