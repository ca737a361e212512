package vmm.domain;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Format;
import vmm.block.ErrorPolicy;
import vmm.block.ErrorPolicy.Action;
import vmm.block.ThrottleLimits;
import vmm.block.ThrottleLimits.Rate;
import vmm.machine.DiskAddress;
import vmm.machine.DiskConfig;
import vmm.machine.DiskLimits;
import vmm.machine.LunRange;
import vmm.machine.VirtioConfig;
import vmm.scsi.WorldWideName;
import vmm.virtio.RingFeatures;

/** Describes the disks of a machine. */
final class DiskWriter {
    private static final int USUAL_BLOCK = 512;
    private static final String DEVICES = "/dev/";
    private static final String SHARED_MEMORY = "/dev/shm/";

    private final XmlWriter xml;
    private final Consumer<VirtioConfig> address;
    private final Set<String> names = new HashSet<>();
    private int unnamed;

    /**
     * A writer of disks.
     *
     * @param address writes where on the PCI bus a device is
     */
    DiskWriter(XmlWriter xml, Consumer<VirtioConfig> address) {
        this.xml = xml;
        this.address = address;
    }

    void write(List<DiskConfig> disks) {
        disks.stream().filter(disk -> isName(disk.id(), prefix(disk))).forEach(disk -> names.add(disk.id()));
        disks.forEach(this::write);
    }

    private static String prefix(DiskConfig disk) {
        return disk.address() instanceof DiskAddress.Scsi ? "sd" : "vd";
    }

    private static boolean isName(String id, String prefix) {
        return id.startsWith(prefix) && DiskNames.number(id) >= 0;
    }

    private void write(DiskConfig disk) {
        switch (disk.address()) {
            case DiskAddress.Scsi scsi -> {
                if (scsi.isRange()) {
                    LunRange range = scsi.places().getFirst();
                    xml.comment("disk " + disk.id() + ": one of " + disk.image().source() + " at each of the targets "
                            + range.targets() + " and LUNs " + range.luns() + " of controller " + range.controller());
                    return;
                }
                for (int path = 0; path < scsi.places().size(); path++) {
                    String name = path == 0 && isName(disk.id(), "sd") ? disk.id() : freeName("sd");
                    disk(disk, name);
                    scsi(disk, scsi.places().get(path), path == 0);
                }
            }
            case DiskAddress.Virtio(VirtioConfig virtio) -> {
                disk(disk, isName(disk.id(), "vd") ? disk.id() : freeName("vd"));
                alias(disk);
                address.accept(virtio);
                xml.end();
            }
        }
    }

    private String freeName(String prefix) {
        String name = DiskNames.of(prefix, unnamed);
        while (!names.add(name)) {
            name = DiskNames.of(prefix, ++unnamed);
        }
        return name;
    }

    private void wwn(WorldWideName name) {
        if (name.number().isPresent()) {
            xml.text("wwn", name.digits());
        } else {
            xml.comment("its world wide name: " + name);
        }
    }

    private void scsi(DiskConfig disk, LunRange place, boolean first) {
        disk.wwn().ifPresent(this::wwn);
        xml.text("vendor", disk.vendor());
        xml.text("product", disk.product());
        if (first) {
            alias(disk);
        }
        xml.empty(
                "address",
                "type",
                "drive",
                "controller",
                place.controller(),
                "bus",
                0,
                "target",
                place.targets().first(),
                "unit",
                place.luns().first());
        xml.end();
    }

    private void alias(DiskConfig disk) {
        xml.empty("alias", "name", disk.id());
    }

    /** Begins a disk, with all that does not depend on what it is attached to. */
    private void disk(DiskConfig disk, String name) {
        BlockOptions image = disk.image();
        boolean server = image.source().startsWith("nbd");
        boolean block = image.source().startsWith(DEVICES) && !image.source().startsWith(SHARED_MEMORY);
        List<Object> attributes = new ArrayList<>(List.of(
                "type", server ? "network" : block ? "block" : "file", "device", disk.cdrom() ? "cdrom" : "disk"));
        if (disk.address() instanceof DiskAddress.Virtio(VirtioConfig virtio)) {
            attributes.addAll(List.of("model", model(virtio, "virtio")));
        }
        xml.begin("disk", attributes.toArray());
        driver(disk);
        if (server) {
            server(image.source());
        } else if (image.source().startsWith("null:") || image.source().startsWith("mem:")) {
            xml.comment("no file keeps its data: " + image.source());
        } else if (!image.source().isEmpty()) {
            xml.empty("source", block ? "dev" : "file", Path.of(image.source()).toAbsolutePath());
        }
        target(disk, name);
        iotune(disk.policy().limits());
        if (image.readOnly()) {
            xml.empty("readonly");
        }
        if (image.shareable()) {
            xml.empty("shareable");
        }
        disk.bootIndex().ifPresent(index -> xml.empty("boot", "order", index));
        if (disk.logicalBlockSize() != USUAL_BLOCK || disk.physicalBlockSize() != USUAL_BLOCK) {
            xml.empty(
                    "blockio",
                    "logical_block_size",
                    disk.logicalBlockSize(),
                    "physical_block_size",
                    disk.physicalBlockSize());
        }
        xml.text("serial", disk.serial());
    }

    private void target(DiskConfig disk, String name) {
        boolean scsi = disk.address() instanceof DiskAddress.Scsi;
        if (disk.removable()) {
            xml.empty("target", "dev", name, "bus", "scsi", "removable", "on");
        } else {
            xml.empty("target", "dev", name, "bus", scsi ? "scsi" : "virtio");
        }
    }

    private void driver(DiskConfig disk) {
        BlockOptions image = disk.image();
        List<Object> words = new ArrayList<>(List.of(
                "name",
                "qemu",
                "type",
                image.format() == Format.QCOW2 ? "qcow2" : "raw",
                "cache",
                image.cache().name().toLowerCase(Locale.ROOT)));
        if (image.aio() != Aio.AUTO) {
            words.addAll(List.of("io", image.aio().name().toLowerCase(Locale.ROOT)));
        }
        words.addAll(List.of("discard", image.unmap() ? "unmap" : "ignore"));
        ErrorPolicy errors = disk.policy().errors();
        if (!errors.equals(ErrorPolicy.DEFAULT)) {
            words.addAll(List.of("error_policy", word(errors.write()), "rerror_policy", word(errors.read())));
        }
        if (disk.address() instanceof DiskAddress.Virtio(VirtioConfig virtio)) {
            words.addAll(attributes(virtio));
        }
        xml.empty("driver", words.toArray());
    }

    private static String word(Action action) {
        return action == Action.ENOSPC ? "enospace" : action.name().toLowerCase(Locale.ROOT);
    }

    /** libvirt's word for the interfaces that a device has; it knows no device that is legacy only. */
    static String model(VirtioConfig virtio, String usual) {
        return switch (virtio.transport()) {
            case MODERN -> "virtio-non-transitional";
            case TRANSITIONAL -> usual;
            case LEGACY -> "virtio-transitional";
        };
    }

    /** The attributes of {@code <driver>} that all virtio devices have, and more. */
    static List<Object> attributes(VirtioConfig virtio, Object... more) {
        List<Object> words = new ArrayList<>(List.of("queues", virtio.queues()));
        words.addAll(Arrays.asList(more));
        if (virtio.iothreads().size() == 1) {
            words.addAll(List.of("iothread", virtio.iothreads().getFirst()));
        }
        RingFeatures rings = virtio.rings();
        if (rings.eventIdx() != RingFeatures.DEFAULT.eventIdx()) {
            words.addAll(List.of("event_idx", rings.eventIdx() ? "on" : "off"));
        }
        if (rings.packed() != RingFeatures.DEFAULT.packed()) {
            words.addAll(List.of("packed", rings.packed() ? "on" : "off"));
        }
        return words;
    }

    private void server(String address) {
        URI uri = URI.create(address);
        String export = uri.getPath().startsWith("/") ? uri.getPath().substring(1) : uri.getPath();
        xml.begin("source", "protocol", "nbd", "name", export);
        if (uri.getScheme().endsWith("unix")) {
            xml.empty("host", "transport", "unix", "socket", socket(uri.getRawQuery()));
        } else {
            String host = uri.getHost() == null ? "localhost" : uri.getHost().replaceAll("[\\[\\]]", "");
            xml.empty("host", "name", host, "port", uri.getPort() < 0 ? 10809 : uri.getPort());
        }
        xml.end();
    }

    private static String socket(String query) {
        return Arrays.stream(query.split("&"))
                .filter(parameter -> parameter.startsWith("socket="))
                .map(parameter -> URLDecoder.decode(
                        parameter.substring("socket=".length()).replace("+", "%2B"), StandardCharsets.UTF_8))
                .findFirst()
                .orElse("");
    }

    private void iotune(DiskLimits limits) {
        ThrottleLimits of = limits.limits();
        if (of.isNone()) {
            return;
        }
        xml.begin("iotune");
        rate("total_bytes_sec", of.totalBytes());
        rate("read_bytes_sec", of.readBytes());
        rate("write_bytes_sec", of.writeBytes());
        rate("total_iops_sec", of.totalIops());
        rate("read_iops_sec", of.readIops());
        rate("write_iops_sec", of.writeIops());
        if (of.bytesPerOperation() > 0) {
            xml.text("size_iops_sec", of.bytesPerOperation());
        }
        limits.group().ifPresent(group -> xml.text("group_name", group));
        xml.end();
    }

    private void rate(String name, Rate rate) {
        if (rate.isNone()) {
            return;
        }
        xml.text(name, rate.perSecond());
        if (rate.burst() > 0) {
            xml.text(name + "_max", rate.burst());
            xml.text(name + "_max_length", rate.burstSeconds());
        }
    }
}
