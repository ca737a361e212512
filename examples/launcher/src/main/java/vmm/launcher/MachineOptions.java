package vmm.launcher;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import vmm.machine.ConfigurationException;
import vmm.machine.MachineRequest.Bus;
import vmm.machine.MachineRequest.Controller;
import vmm.machine.MachineRequest.Disk;
import vmm.machine.MachineRequest.Place;
import vmm.machine.SerialConfig;

/** Reads the option values that describe parts of a machine. Pure: looks at no file and no device. */
final class MachineOptions {
    /** The keys of {@code --disk}. */
    static final List<String> DISK_KEYS = List.of(
            "file",
            "format",
            "bus",
            "controller",
            "target",
            "lun",
            "slot",
            "function",
            "readonly",
            "serial",
            "wwn",
            "vendor",
            "product",
            "logical-block",
            "physical-block",
            "id");

    private static final List<String> CONTROLLER_KEYS = List.of("scsi", "index", "queues", "slot", "function");
    private static final List<String> SCSI_ONLY = List.of("controller", "target", "lun", "wwn", "vendor", "product");
    private static final List<String> VIRTIO_ONLY = List.of("slot", "function");
    private static final List<String> NETWORK = List.of("nbd:", "iscsi:", "http:", "https:", "ssh:");

    private MachineOptions() {}

    /** The value of {@code --disk}. */
    static Disk disk(String text) {
        KeyValues values = KeyValues.parse("--disk", withFileKey(text), DISK_KEYS);
        Bus bus = values.oneOf("bus", "scsi", List.of("scsi", "virtio")).equals("scsi") ? Bus.SCSI : Bus.VIRTIO;
        if (bus == Bus.VIRTIO) {
            values.refuse(SCSI_ONLY, "is for disks with bus=scsi, and this one has bus=virtio");
        } else {
            values.refuse(
                    VIRTIO_ONLY,
                    "is for disks with bus=virtio; a SCSI disk sits where its controller does (--controller)");
        }
        return new Disk(
                values.get("id").map(MachineOptions::id),
                source(text, values),
                values.isOn("readonly"),
                values.get("serial"),
                values.get("wwn").map(MachineOptions::wwn).orElse(OptionalLong.empty()),
                values.get("vendor"),
                values.get("product"),
                values.number("logical-block").orElse(512),
                values.number("physical-block"),
                bus,
                values.number("controller"),
                values.number("target"),
                values.number("lun"),
                place(values));
    }

    /** A disk that no file keeps needs no key: {@code mem:64M} stands for {@code file=mem:64M}. */
    private static String withFileKey(String text) {
        return text.startsWith("null:") || text.startsWith("mem:") ? "file=" + text : text;
    }

    private static String source(String text, KeyValues values) {
        String source = values.get("file").orElse("");
        if (source.isEmpty()) {
            throw new ConfigurationException(
                    "--disk " + text + " does not say where the data is; write file=PATH, null:SIZE or mem:SIZE.");
        }
        String format = values.get("format").orElse("raw");
        if (!format.equals("raw")) {
            throw new ConfigurationException("Only raw images can be opened, not " + format
                    + "; make one with qemu-img convert -O raw " + source + " " + source + ".raw.");
        }
        for (String scheme : NETWORK) {
            if (source.startsWith(scheme)) {
                throw new ConfigurationException("Disks over the network cannot be opened: " + source
                        + "; use a raw image file, null:SIZE or mem:SIZE.");
            }
        }
        for (String kind : List.of("null:", "mem:")) {
            if (source.startsWith(kind)) {
                long bytes = Sizes.parse("file=" + kind, source.substring(kind.length()), 'B');
                if (bytes == 0 || bytes % 512 != 0) {
                    throw new ConfigurationException("A disk holds a multiple of 512 bytes, and " + source
                            + " is not; write for example " + kind + "1G.");
                }
            }
        }
        return source;
    }

    private static String id(String id) {
        boolean plain =
                id.chars().allMatch(c -> c < 128 && (Character.isLetterOrDigit(c) || c == '-' || c == '_' || c == '.'));
        if (id.isEmpty() || !plain) {
            throw new ConfigurationException(
                    "id=" + id + " of a disk must be letters, digits, '-', '_' and '.'; change it.");
        }
        return id;
    }

    private static OptionalLong wwn(String text) {
        String digits = text.startsWith("0x") ? text.substring(2) : text;
        try {
            if (digits.length() == 16) {
                return OptionalLong.of(Long.parseUnsignedLong(digits, 16));
            }
        } catch (NumberFormatException notHexadecimal) {
            throw badWwn(text);
        }
        throw badWwn(text);
    }

    private static ConfigurationException badWwn(String text) {
        return new ConfigurationException(
                "wwn=" + text + " must be 16 hexadecimal digits, as in wwn=5000c50015ea71ac.");
    }

    /** The value of {@code --controller}. */
    static Controller controller(String text) {
        if (!text.equals("scsi") && !text.startsWith("scsi,")) {
            throw new ConfigurationException("--controller " + text
                    + " does not start with the kind of controller; write --controller scsi,index=0.");
        }
        KeyValues values = KeyValues.parse("--controller", text, CONTROLLER_KEYS);
        return new Controller(values.number("index"), values.number("queues"), place(values));
    }

    private static Place place(KeyValues values) {
        OptionalInt slot = values.number("slot");
        OptionalInt function = values.number("function");
        return new Place(slot, function);
    }

    /** The value of {@code --serial}. */
    static SerialConfig serial(String text) {
        if (text.equals("stdio")) {
            return new SerialConfig.Stdio();
        }
        if (text.equals("none")) {
            return new SerialConfig.None();
        }
        Optional<Path> file = after("file:", text);
        if (file.isPresent()) {
            return new SerialConfig.ToFile(file.get());
        }
        return new SerialConfig.UnixSocket(after("unix:", text)
                .orElseThrow(() -> new ConfigurationException(
                        "--serial takes stdio, file:PATH, unix:PATH or none, not " + text + ".")));
    }

    private static Optional<Path> after(String prefix, String text) {
        return text.startsWith(prefix) && text.length() > prefix.length()
                ? Optional.of(Path.of(text.substring(prefix.length())))
                : Optional.empty();
    }

    /** The value of {@code --memory}, in bytes; a plain number counts MiB, as QEMU's {@code -m} does. */
    static long memory(String text) {
        return Sizes.parse("--memory", text, 'M');
    }

    /** The value of {@code --cpus}. */
    static int cpus(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException notANumber) {
            throw new ConfigurationException("--cpus takes a whole number of vCPUs, not " + text + ".");
        }
    }

    /** The value of {@code --virtio}. */
    static void virtio(String text) {
        if (!text.equals("modern")) {
            throw new ConfigurationException(
                    "The devices are modern virtio devices only, so --virtio cannot be " + text + "; leave it out.");
        }
    }
}
