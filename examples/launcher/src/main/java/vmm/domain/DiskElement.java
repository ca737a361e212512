package vmm.domain;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
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
import vmm.machine.MachineRequest.Virtio;
import vmm.machine.NumberRange;
import vmm.scsi.WorldWideName;

/** A {@code <disk>}. */
final class DiskElement {
    private static final int USUAL_BLOCK = 512;

    private static final Map<String, Kind> KINDS = Map.of("disk", Kind.DISK, "cdrom", Kind.CDROM, "lun", Kind.LUN);
    private static final Map<String, Bus> BUSES = Map.of("scsi", Bus.SCSI, "virtio", Bus.VIRTIO);
    private static final Map<String, Format> FORMATS = Map.of("raw", Format.RAW, "qcow2", Format.QCOW2);

    /** Whoever asks for "unsafe" loses nothing by a disk that is safe. */
    private static final Map<String, Cache> CACHES = Map.of(
            "default", Cache.WRITEBACK,
            "none", Cache.NONE,
            "unsafe", Cache.WRITEBACK,
            "writeback", Cache.WRITEBACK,
            "writethrough", Cache.WRITETHROUGH);

    /** Linux's own asynchronous I/O is what io_uring has replaced. */
    private static final Map<String, Aio> ENGINES =
            Map.of("native", Aio.AUTO, "io_uring", Aio.IO_URING, "threads", Aio.THREADS);

    private static final Map<String, Action> READ_ACTIONS =
            Map.of("stop", Action.STOP, "report", Action.REPORT, "ignore", Action.IGNORE);
    private static final Map<String, Action> WRITE_ACTIONS =
            Map.of("stop", Action.STOP, "report", Action.REPORT, "ignore", Action.IGNORE, "enospace", Action.ENOSPC);

    private final XmlElement element;
    private final XmlElement target;
    private final String name;
    private final Bus bus;
    private final Optional<String> alias;

    /** A disk that is to be understood. */
    DiskElement(XmlElement element) {
        this.element = element;
        this.target = element.child("target").orElseThrow(() -> element.refused("has no <target>; add one"));
        this.name = target.id("dev");
        this.bus = target.oneOf("bus", BUSES).orElseGet(this::busOfName);
        this.alias = element.child("alias").map(found -> found.id("name"));
    }

    /** libvirt, too, goes by the name of a disk that does not say it. */
    private Bus busOfName() {
        if (name.startsWith("vd")) {
            return Bus.VIRTIO;
        }
        if (name.startsWith("sd")) {
            return Bus.SCSI;
        }
        throw target.refused("has no bus=, and dev='" + name + "' does not tell it; add bus='virtio' or bus='scsi'");
    }

    private static WorldWideName wwn(XmlElement element) {
        try {
            WorldWideName name = WorldWideName.parse(element.text());
            if (name.number().isPresent()) {
                return name;
            }
        } catch (IllegalArgumentException noName) {
            throw badWwn(element);
        }
        throw badWwn(element);
    }

    private static ConfigurationException badWwn(XmlElement element) {
        return element.refused("has " + XmlElement.shown(element.text())
                + " in it, and takes 16 hexadecimal digits that begin with 2, 3 or 5; write those");
    }

    /** What the description calls it. */
    String name() {
        return name;
    }

    /** Says what is wrong with its name. */
    ConfigurationException refusedName(String what) {
        return target.refused(what);
    }

    /** The disk under its alias or name, where the description places it. */
    Disk request() {
        return request(alias.or(() -> Optional.of(name)), address());
    }

    /** The same, placed by the rule that libvirt has for disks without an address. */
    Disk requestPlaced() {
        return request(alias.or(() -> Optional.of(name)), address().or(this::addressOfName));
    }

    /** The same without a name of its own, since it is another path to a disk. */
    Disk requestUnnamed() {
        return request(alias, address().or(this::addressOfName));
    }

    /** A SCSI address. */
    private record Drive(int controller, int target, int unit) {}

    private Disk request(Optional<String> id, Optional<Drive> drive) {
        Kind kind = element.oneOf("device", KINDS).orElse(Kind.DISK);
        boolean scsi = bus == Bus.SCSI;
        if (!scsi && kind == Kind.CDROM) {
            throw element.refused("is a CD-ROM drive, which is on a SCSI bus here; write bus='scsi' in <target>");
        }
        if (element.has("transient")) {
            throw element.refused("is transient, and this VMM forgets no writes by itself; leave <transient> out, and"
                    + " use a copy of the image");
        }
        Optional<XmlElement> blocks = element.child("blockio");
        return new Disk(
                id,
                kind,
                image(kind),
                element.textOf("serial"),
                scsi ? element.child("wwn").map(DiskElement::wwn) : Optional.empty(),
                scsi ? element.textOf("vendor") : Optional.empty(),
                scsi ? element.textOf("product") : Optional.empty(),
                blocks.map(found -> found.number("logical_block_size"))
                        .orElse(OptionalInt.empty())
                        .orElse(USUAL_BLOCK),
                blocks.map(found -> found.number("physical_block_size")).orElse(OptionalInt.empty()),
                scsi && target.isOn("removable", false),
                element.child("boot").map(boot -> boot.number("order")).orElse(OptionalInt.empty()),
                bus,
                drive.map(place -> OptionalInt.of(place.controller)).orElse(OptionalInt.empty()),
                drive.map(place -> NumberRange.of(place.target)),
                drive.map(place -> NumberRange.of(place.unit)),
                scsi ? Virtio.ANY : VirtioElement.of(element, "virtio"),
                new DiskPolicy(errors(), IotuneElement.of(element), false, 0));
    }

    private BlockOptions image(Kind kind) {
        Optional<String> source = SourceElement.of(element);
        if (source.isEmpty() && kind != Kind.CDROM) {
            throw element.refused("has no <source> that says where its data is; add one");
        }
        emptyBackingStore();
        Optional<XmlElement> driver = element.child("driver");
        driver.ifPresent(words -> words.says("name", "qemu"));
        return new BlockOptions(
                source.orElse(""),
                element.has("readonly") || kind == Kind.CDROM,
                driver.flatMap(words -> words.oneOf("type", FORMATS)).orElse(Format.RAW),
                driver.flatMap(words -> words.oneOf("cache", CACHES)).orElse(Cache.WRITEBACK),
                driver.flatMap(words -> words.oneOf("io", ENGINES)).orElse(Aio.AUTO),
                driver.flatMap(words -> words.oneOf("discard", Map.of("unmap", true, "ignore", false)))
                        .orElse(false),
                element.has("shareable"));
    }

    /** An image knows itself what is behind it; that there is nothing need not be told. */
    private void emptyBackingStore() {
        element.child("backingStore")
                .filter(store -> !store.children().isEmpty())
                .ifPresent(XmlElement::forget);
    }

    private ErrorPolicy errors() {
        Optional<XmlElement> driver = element.child("driver");
        Optional<Action> write = driver.flatMap(words -> words.oneOf("error_policy", WRITE_ACTIONS));
        Optional<Action> read = driver.flatMap(words -> words.oneOf("rerror_policy", READ_ACTIONS))
                // libvirt has the one for both, if a read can do with it.
                .or(() -> write.filter(action -> action != Action.ENOSPC));
        return new ErrorPolicy(read.orElse(ErrorPolicy.DEFAULT.read()), write.orElse(ErrorPolicy.DEFAULT.write()));
    }

    private Optional<Drive> address() {
        return bus == Bus.SCSI ? element.child("address").map(DiskElement::drive) : Optional.empty();
    }

    private static Drive drive(XmlElement address) {
        if (!address.required("type").equals("drive")) {
            throw address.refused("is no place behind a SCSI controller, where the disk is; write type='drive'");
        }
        if (address.number("bus").orElse(0) != 0) {
            throw address.refused(
                    "has a bus= that does not exist, since a virtio-scsi controller has one; write bus='0'");
        }
        return new Drive(
                address.number("controller").orElse(0),
                address.number("target").orElse(0),
                address.number("unit").orElse(0));
    }

    /**
     * libvirt has 7 disks on a bus, in the order of their names: sda to sdg, then sdh to sdn on the next controller.
     */
    private Optional<Drive> addressOfName() {
        int number = bus == Bus.SCSI ? DiskNames.number(name) : -1;
        return number < 0 ? Optional.empty() : Optional.of(new Drive(number / 7, 0, number % 7));
    }
}
