package vmm.domain;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import vmm.firmware.smbios.EntryPoint;
import vmm.firmware.smbios.SystemIdentity;
import vmm.machine.Boot;
import vmm.machine.BootOptions;
import vmm.machine.FirmwareSource;
import vmm.machine.StateFolder;

/** The {@code <os>} of a domain, and who the machine is: what runs first, and what that is told. */
final class BootElement {
    private static final Map<String, String> LETTERS = Map.of("hd", "c", "cdrom", "d", "network", "n", "fd", "a");
    private static final int MOST_IDENTITY = 255;

    private final XmlElement domain;
    private final XmlElement os;
    private final String machine;
    private final boolean disksHaveOrder;

    /**
     * What is to be understood.
     *
     * @param machine the machine's name
     * @param disksHaveOrder true if some disk says itself when firmware is to try it
     */
    BootElement(XmlElement domain, String machine, boolean disksHaveOrder) {
        this.domain = domain;
        this.os = domain.child("os").orElseThrow(() -> domain.refused("has no <os>; add one"));
        this.machine = machine;
        this.disksHaveOrder = disksHaveOrder;
    }

    Boot boot() {
        XmlElement type = os.child("type").orElseThrow(() -> os.refused("has no <type>; write <type>hvm</type>"));
        if (!type.text().equals("hvm")) {
            throw type.refused("is " + XmlElement.shown(type.text()) + ", and this VMM runs whole machines; write hvm");
        }
        type.oneOf("arch", Map.of("x86_64", true));
        if (type.says("machine", "pc") || isI440(type)) {
            type.attribute("machine");
        }
        Optional<Boot.Kernel> kernel = kernel();
        Optional<XmlElement> loader = os.child("loader");
        Optional<Boolean> efi = os.oneOf("firmware", Map.of("efi", true, "bios", false));
        if (kernel.isPresent() && loader.isEmpty() && efi.isEmpty()) {
            return kernel.get();
        }
        return new Boot.Firmware(source(loader, efi.orElse(false)), kernel, options(), identity(), EntryPoint.BITS_32);
    }

    private static boolean isI440(XmlElement type) {
        boolean i440 = type.attribute("machine")
                .filter(board -> board.startsWith("pc-i440fx-"))
                .isPresent();
        if (!i440) {
            type.forget("machine");
        }
        return i440;
    }

    private Optional<Boot.Kernel> kernel() {
        Optional<XmlElement> kernel =
                os.child("kernel").filter(element -> !element.text().isEmpty());
        return kernel.map(file -> new Boot.Kernel(
                file.file(),
                os.child("initrd").filter(element -> !element.text().isEmpty()).map(XmlElement::file),
                os.child("cmdline").map(XmlElement::text).orElse("")));
    }

    private FirmwareSource source(Optional<XmlElement> loader, boolean efi) {
        os.child("firmware").ifPresent(firmware -> firmware.children("feature").forEach(BootElement::feature));
        boolean pflash = loader.flatMap(rom -> rom.oneOf("type", Map.of("rom", false, "pflash", true)))
                .orElse(efi);
        boolean keeps = loader.map(rom -> !rom.isYes("stateless", false)).orElse(true);
        loader.ifPresent(rom -> {
            rom.attribute("readonly");
            rom.oneOf("format", Map.of("raw", true));
            if (rom.isYes("secure", false)) {
                throw noSecureBoot(rom);
            }
        });
        Optional<Path> variables = pflash && keeps
                ? Optional.of(variables().orElseGet(() -> StateFolder.variables(machine)))
                : Optional.empty();
        Optional<XmlElement> file = loader.filter(rom -> !rom.text().isEmpty());
        if (file.isPresent()) {
            return new FirmwareSource.Image(file.get().file(), variables);
        }
        return efi ? new FirmwareSource.Ovmf(variables) : new FirmwareSource.SeaBios();
    }

    private static void feature(XmlElement feature) {
        boolean enabled = feature.isYes("enabled", false);
        if (feature.required("name").equals("secure-boot") && enabled) {
            throw noSecureBoot(feature);
        }
    }

    private static RuntimeException noSecureBoot(XmlElement element) {
        return element.refused(
                "asks for secure boot, which needs system management mode, and this machine has none;" + " write 'no'");
    }

    private Optional<Path> variables() {
        Optional<XmlElement> nvram = os.child("nvram");
        nvram.ifPresent(element -> {
            element.oneOf("type", Map.of("file", true));
            element.oneOf("format", Map.of("raw", true));
        });
        Optional<XmlElement> source = nvram.flatMap(element -> element.child("source"));
        if (source.isPresent()) {
            return source.map(element -> element.file(element.required("file")));
        }
        return nvram.filter(element -> !element.text().isEmpty()).map(XmlElement::file);
    }

    /** As libvirt has it, firmware tries nothing that nobody named, once somebody named something. */
    private BootOptions options() {
        StringBuilder order = new StringBuilder();
        for (XmlElement device : os.children("boot")) {
            if (disksHaveOrder) {
                throw device.refused("is beside the <boot> of a disk, which says more; leave one of them out");
            }
            String letter = device.oneOf("dev", LETTERS).orElseThrow(() -> device.refused("has no dev=; add it"));
            if (order.indexOf(letter) < 0) {
                order.append(letter);
            }
        }
        boolean chosen = disksHaveOrder || !order.isEmpty();
        Optional<XmlElement> menu = os.child("bootmenu");
        return new BootOptions(
                chosen ? order.toString() : BootOptions.DEFAULT.order(),
                chosen,
                menu.map(element -> element.isYes("enable", false)).orElse(false),
                menu.map(element -> element.number("timeout")).orElse(OptionalInt.empty()));
    }

    private SystemIdentity identity() {
        SystemIdentity usual = SystemIdentity.DEFAULT;
        UUID uuid = domain.child("uuid").map(BootElement::uuid).orElse(usual.uuid());
        boolean told = os.child("smbios")
                .filter(smbios -> smbios.says("mode", "sysinfo"))
                .isPresent();
        Map<String, String> entries = told ? systemEntries() : Map.of();
        return new SystemIdentity(
                entries.getOrDefault("manufacturer", usual.manufacturer()),
                entries.getOrDefault("product", usual.product()),
                entries.getOrDefault("version", usual.version()),
                entries.getOrDefault("serial", usual.serial()),
                uuid,
                entries.getOrDefault("sku", usual.sku()),
                entries.getOrDefault("family", usual.family()));
    }

    private Map<String, String> systemEntries() {
        Map<String, String> entries = new HashMap<>();
        for (XmlElement sysinfo : domain.children()) {
            if (!sysinfo.name().equals("sysinfo") || !sysinfo.says("type", "smbios")) {
                continue;
            }
            for (XmlElement system : sysinfo.visit().children("system")) {
                for (XmlElement entry : system.children("entry")) {
                    entries.put(entry.required("name"), identity(entry));
                }
            }
        }
        return entries;
    }

    private static String identity(XmlElement entry) {
        String text = entry.text();
        if (text.length() > MOST_IDENTITY || !text.chars().allMatch(c -> c >= ' ' && c <= '~')) {
            throw entry.refused("has more than " + MOST_IDENTITY + " printable ASCII characters in it; change it");
        }
        return text;
    }

    private static UUID uuid(XmlElement element) {
        String digits = element.text().replace("-", "");
        if (digits.length() != 32 || !digits.matches("[0-9A-Fa-f]+")) {
            throw element.refused("is no UUID, which has 32 hexadecimal digits; correct it");
        }
        return new UUID(
                Long.parseUnsignedLong(digits.substring(0, 16), 16), Long.parseUnsignedLong(digits.substring(16), 16));
    }

    /** The kinds of device that libvirt's words for them stand for. */
    static List<String> words(String order) {
        return order.chars()
                .mapToObj(letter -> LETTERS.entrySet().stream()
                        .filter(entry -> entry.getValue().charAt(0) == letter)
                        .findFirst()
                        .orElseThrow()
                        .getKey())
                .toList();
    }
}
