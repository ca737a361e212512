package vmm.launcher;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;
import vmm.block.ErrorPolicy;
import vmm.block.ErrorPolicy.Action;
import vmm.machine.ConfigurationException;
import vmm.machine.DiskPolicy;
import vmm.machine.MachineRequest.Bus;
import vmm.machine.MachineRequest.Disk;
import vmm.machine.MachineRequest.Kind;
import vmm.scsi.WorldWideName;

/** Reads the value of {@code --disk}. Pure: looks at no file and no device. */
final class DiskOptions {
    private static final List<String> IMAGE_KEYS =
            List.of("file", "format", "readonly", "cache", "aio", "discard", "shareable");
    private static final List<String> SCSI_KEYS =
            List.of("type", "controller", "target", "lun", "wwn", "vendor", "product", "removable", "protection");
    private static final List<String> COMMON_KEYS =
            List.of("id", "bus", "serial", "logical-block", "physical-block", "boot", "bootindex");

    private static final List<String> ERROR_KEYS = List.of("rerror", "werror");
    private static final List<String> BLK_KEYS = Stream.concat(
                    Stream.of("secure-erase"), MachineOptions.VIRTIO_KEYS.stream())
            .toList();

    /** The keys of {@code --disk}. */
    static final List<String> KEYS = Stream.of(
                    IMAGE_KEYS, COMMON_KEYS, SCSI_KEYS, BLK_KEYS, ERROR_KEYS, ThrottleOptions.KEYS)
            .flatMap(List::stream)
            .toList();

    /** What stands for {@code file=} and itself, as in {@code --disk mem:64M}. */
    private static final List<String> SCHEMES = List.of("null:", "mem:", "nbd://", "nbd+unix://");

    private static final List<String> NETWORK = List.of("nbds:", "nbds+unix:", "iscsi:", "http:", "https:", "ssh:");

    private static final Map<String, Kind> KINDS = Map.of("disk", Kind.DISK, "cdrom", Kind.CDROM, "lun", Kind.LUN);
    private static final Map<String, Format> FORMATS = Map.of("raw", Format.RAW, "qcow2", Format.QCOW2);
    private static final Map<String, Cache> CACHES =
            Map.of("none", Cache.NONE, "writeback", Cache.WRITEBACK, "writethrough", Cache.WRITETHROUGH);
    private static final Map<String, Aio> ENGINES =
            Map.of("auto", Aio.AUTO, "io_uring", Aio.IO_URING, "threads", Aio.THREADS);

    private static final Map<String, Action> READ_ACTIONS =
            Map.of("stop", Action.STOP, "report", Action.REPORT, "ignore", Action.IGNORE);
    private static final Map<String, Action> WRITE_ACTIONS =
            Map.of("stop", Action.STOP, "report", Action.REPORT, "ignore", Action.IGNORE, "enospc", Action.ENOSPC);

    private final String text;
    private final KeyValues values;

    private DiskOptions(String text) {
        this.text = text;
        this.values = KeyValues.parse("--disk", withFileKey(text), KEYS);
    }

    /**
     * A disk as the user wrote it.
     *
     * @throws ConfigurationException if it makes no sense
     */
    static Disk parse(String text) {
        return new DiskOptions(text).disk();
    }

    /** A disk that no file keeps needs no key: {@code mem:64M} stands for {@code file=mem:64M}. */
    private static String withFileKey(String text) {
        return SCHEMES.stream().anyMatch(text::startsWith) ? "file=" + text : text;
    }

    private Disk disk() {
        Bus bus = values.oneOf("bus", "scsi", List.of("scsi", "virtio")).equals("scsi") ? Bus.SCSI : Bus.VIRTIO;
        switch (bus) {
            case SCSI ->
                values.refuse(
                        BLK_KEYS,
                        "is for disks with bus=virtio; a SCSI disk sits where its controller does (--controller)");
            case VIRTIO -> values.refuse(SCSI_KEYS, "is for disks with bus=scsi, and this one has bus=virtio");
        }
        return new Disk(
                values.get("id").map(DiskOptions::id),
                values.oneOf("type", "disk", KINDS),
                image(),
                values.get("serial"),
                values.get("wwn").map(DiskOptions::wwn),
                values.get("vendor"),
                values.get("product"),
                values.number("logical-block").orElse(512),
                values.number("physical-block"),
                values.isOn("removable"),
                bootIndex(),
                bus,
                values.number("controller"),
                values.numbers("target"),
                values.numbers("lun"),
                MachineOptions.virtio(values),
                policy());
    }

    /** {@code boot=}, which QEMU calls {@code bootindex=}. */
    private OptionalInt bootIndex() {
        if (values.get("boot").isPresent()) {
            values.refuse(List.of("bootindex"), "says the same as boot=");
            return values.number("boot");
        }
        return values.number("bootindex");
    }

    private DiskPolicy policy() {
        Action read = values.oneOf("rerror", "report", READ_ACTIONS);
        Action write = values.oneOf("werror", "enospc", WRITE_ACTIONS);
        return new DiskPolicy(
                new ErrorPolicy(read, write),
                ThrottleOptions.parse(text, values),
                values.isOn("secure-erase"),
                protection());
    }

    private int protection() {
        int type = values.oneOf("protection", "0", Map.of("0", 0, "1", 1, "3", 3));
        if (type != 0 && isDrive()) {
            throw new ConfigurationException("--disk " + text + " has protection= and type=cdrom: only disks have"
                    + " protection information; leave one of them out.");
        }
        if (type != 0 && values.isOn("shareable")) {
            throw new ConfigurationException("--disk " + text + " has protection= and shareable: two machines would not"
                    + " write a block and its protection information at once; leave one of them out.");
        }
        return type;
    }

    private BlockOptions image() {
        return new BlockOptions(
                source(),
                isDrive() || values.isOn("readonly"),
                values.get("format").isPresent() ? values.oneOf("format", "raw", FORMATS) : Format.UNSPECIFIED,
                values.oneOf("cache", "writeback", CACHES),
                values.oneOf("aio", "auto", ENGINES),
                values.oneOf("discard", "unmap", List.of("unmap", "ignore")).equals("unmap"),
                values.isOn("shareable"));
    }

    /** True for a CD-ROM drive, which writes to no disc and may be empty. */
    private boolean isDrive() {
        return values.oneOf("type", "disk", KINDS) == Kind.CDROM;
    }

    private String source() {
        String source = values.get("file").orElse("");
        if (source.isEmpty() && !isDrive()) {
            throw new ConfigurationException("--disk " + text
                    + " does not say where the data is; write file=PATH, null:SIZE, mem:SIZE or nbd://HOST/EXPORT.");
        }
        for (String scheme : NETWORK) {
            if (source.startsWith(scheme)) {
                throw new ConfigurationException("Disks cannot be opened by " + scheme + " (" + source
                        + "); use an image file, null:SIZE, mem:SIZE, nbd:// or nbd+unix://.");
            }
        }
        for (String kind : List.of("null:", "mem:")) {
            if (source.startsWith(kind)) {
                checkSize(kind, source);
            }
        }
        return source;
    }

    private static void checkSize(String kind, String source) {
        long bytes = Sizes.parse("file=" + kind, source.substring(kind.length()), 'B');
        if (bytes == 0 || bytes % 512 != 0) {
            throw new ConfigurationException("A disk holds a multiple of 512 bytes, and " + source
                    + " is not; write for example " + kind + "1G.");
        }
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

    private static WorldWideName wwn(String text) {
        try {
            return WorldWideName.parse(text);
        } catch (IllegalArgumentException noName) {
            throw new ConfigurationException("wwn=" + text
                    + " must be 16 hexadecimal digits that begin with 2, 3 or 5, as in wwn=5000c50015ea71ac, or 32 that"
                    + " begin with 6; or 16, 24 or 32 behind eui., as in wwn=eui.0011223344556677.");
        }
    }
}
