package vmm.launcher;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import vmm.block.BlockOptions;
import vmm.machine.Boot;
import vmm.machine.BootOrder;
import vmm.machine.ControllerConfig;
import vmm.machine.DiskAddress;
import vmm.machine.DiskConfig;
import vmm.machine.FwCfgItem;
import vmm.machine.LunRange;
import vmm.machine.MachineConfig;
import vmm.machine.NumberRange;
import vmm.machine.PciAddress;
import vmm.machine.SerialConfig;
import vmm.machine.VirtioConfig;

/** Shows a machine: every PCI slot and function, every controller, target and logical unit. */
final class MachineListing {
    private final MachineConfig machine;

    MachineListing(MachineConfig machine) {
        this.machine = machine;
    }

    private record Function(PciAddress address, String what) {}

    /** For people. */
    String text() {
        List<String> lines = new ArrayList<>();
        lines.add("machine  " + machine.name() + ": " + (machine.memoryBytes() >> 20) + " MiB of memory, "
                + count(machine.cpus(), "vCPU"));
        switch (machine.boot()) {
            case Boot.Kernel kernel -> lines.addAll(describe(kernel));
            case Boot.Firmware firmware -> {
                lines.add("firmware " + firmware.source().name());
                firmware.source().variables().ifPresent(file -> lines.add("vars     " + file));
                firmware.kernel().ifPresent(kernel -> lines.addAll(describe(kernel)));
                lines.add("boot     " + String.join(", ", bootOrder(firmware)));
            }
        }
        machine.fwCfg().forEach(item -> lines.add("fw_cfg   " + item.name()));
        lines.add("serial   " + serial());
        lines.add("reset    " + (machine.rebootOnReset() ? "starts the machine again" : "ends the machine"));
        if (machine.debugExit()) {
            lines.add("port 0xf4 ends the machine with exit code (value << 1) | 1");
        }
        lines.add("PCI");
        functions().forEach(function -> lines.add("  " + function.address() + "  " + function.what()));
        lines.add("SCSI");
        for (Unit unit : units()) {
            LunRange place = unit.place();
            lines.add("  controller " + place.controller() + plural("  target", place.targets())
                    + plural("  lun", place.luns()) + "  " + describe(unit.disk()));
        }
        return String.join("\n", lines);
    }

    private static List<String> describe(Boot.Kernel kernel) {
        List<String> lines = new ArrayList<>();
        lines.add("kernel   " + kernel.kernel());
        kernel.initrd().ifPresent(initrd -> lines.add("initrd   " + initrd));
        lines.add("append   " + kernel.commandLine());
        return lines;
    }

    private static void put(Map<String, Object> tree, Boot.Kernel kernel) {
        tree.put("kernel", kernel.kernel().toString());
        kernel.initrd().ifPresent(initrd -> tree.put("initrd", initrd.toString()));
        tree.put("append", kernel.commandLine());
    }

    private List<String> bootOrder(Boot.Firmware firmware) {
        return BootOrder.of(machine.disks(), firmware.options()).stream()
                .map(DiskConfig::id)
                .toList();
    }

    private static String plural(String noun, NumberRange numbers) {
        return noun + (numbers.isSingle() ? " " : "s ") + numbers;
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }

    private String serial() {
        return switch (machine.serial()) {
            case SerialConfig.Stdio _ -> "stdio";
            case SerialConfig.ToFile file -> "file:" + file.file();
            case SerialConfig.UnixSocket socket -> "unix:" + socket.path();
            case SerialConfig.None _ -> "none";
        };
    }

    private static String describe(VirtioConfig virtio) {
        String threads = virtio.iothreads().isEmpty()
                ? ""
                : " on I/O thread "
                        + virtio.iothreads().stream().map(String::valueOf).collect(Collectors.joining("+"));
        return word(virtio.transport()) + "  " + count(virtio.queues(), "request queue") + threads;
    }

    private static String describe(ControllerConfig.Limits limits) {
        return " of " + limits.queueSize() + "  cmd-per-lun " + limits.cmdPerLun() + "  max-sectors "
                + limits.maxSectors() + "  seg-max " + limits.segMax();
    }

    private static String describe(DiskConfig disk) {
        String sectors = disk.logicalBlockSize() == disk.physicalBlockSize()
                ? Integer.toString(disk.logicalBlockSize())
                : disk.logicalBlockSize() + "/" + disk.physicalBlockSize();
        BlockOptions image = disk.image();
        String format = image.format() == BlockOptions.Format.QCOW2 ? " (qcow2)" : "";
        StringBuilder limits = new StringBuilder();
        ThrottleOptions.words(disk.policy().limits())
                .forEach((key, value) ->
                        limits.append("  ").append(key).append('=').append(value));
        String source = image.source().isEmpty() ? "(no disc)" : image.source();
        return disk.id() + (disk.cdrom() ? "  CD-ROM drive  " : "  ") + source + format
                + (image.readOnly() ? " (read-only)" : "")
                + (image.shareable() ? " (shareable)" : "") + (disk.removable() ? " (removable)" : "") + "  serial "
                + disk.serial() + "  blocks of " + sectors + limits;
    }

    /** A choice as the user would write it. */
    private static String word(Enum<?> choice) {
        return choice.name().toLowerCase(Locale.ROOT);
    }

    private List<Function> functions() {
        List<Function> functions = new ArrayList<>();
        functions.add(new Function(new PciAddress(0, 0), "host bridge"));
        functions.add(new Function(new PciAddress(1, 0), "ISA bridge"));
        functions.add(new Function(new PciAddress(1, 3), "power management"));
        for (ControllerConfig controller : machine.controllers()) {
            functions.add(new Function(
                    controller.virtio().address(),
                    "virtio-scsi  controller " + controller.index() + "  " + describe(controller.virtio())
                            + describe(controller.limits())));
        }
        for (DiskConfig disk : machine.disks()) {
            if (disk.address() instanceof DiskAddress.Virtio(VirtioConfig virtio)) {
                functions.add(
                        new Function(virtio.address(), "virtio-blk   " + describe(disk) + "  " + describe(virtio)));
            }
        }
        functions.sort(Comparator.comparing(function -> function.address().toString()));
        return functions;
    }

    /** A disk at one of its places. */
    private record Unit(DiskConfig disk, LunRange place) {}

    private List<Unit> units() {
        List<Unit> units = new ArrayList<>();
        for (DiskConfig disk : machine.disks()) {
            if (disk.address() instanceof DiskAddress.Scsi scsi) {
                scsi.places().forEach(place -> units.add(new Unit(disk, place)));
            }
        }
        units.sort(Comparator.comparingInt((Unit unit) -> unit.place().controller())
                .thenComparingInt(unit -> unit.place().targets().first())
                .thenComparingInt(unit -> unit.place().luns().first()));
        return units;
    }

    /** For programs: see {@link Json}. */
    Map<String, Object> tree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", machine.name());
        tree.put("memoryBytes", machine.memoryBytes());
        tree.put("cpus", machine.cpus());
        tree.put("iothreads", machine.iothreads());
        tree.put("boot", boot());
        tree.put("serial", serial());
        tree.put("rebootOnReset", machine.rebootOnReset());
        tree.put("debugExit", machine.debugExit());
        tree.put(
                "pci",
                functions().stream()
                        .map(function -> Map.of(
                                "slot", function.address().slot(),
                                "function", function.address().function(),
                                "device", function.what().split("  ", 2)[0]))
                        .toList());
        tree.put(
                "controllers",
                machine.controllers().stream().map(MachineListing::controller).toList());
        tree.put("fwCfg", machine.fwCfg().stream().map(FwCfgItem::name).toList());
        tree.put("disks", machine.disks().stream().map(MachineListing::disk).toList());
        return tree;
    }

    private Map<String, Object> boot() {
        Map<String, Object> tree = new LinkedHashMap<>();
        switch (machine.boot()) {
            case Boot.Kernel kernel -> put(tree, kernel);
            case Boot.Firmware firmware -> {
                tree.put("firmware", firmware.source().name());
                firmware.source().variables().ifPresent(file -> tree.put("firmwareVars", file.toString()));
                firmware.kernel().ifPresent(kernel -> put(tree, kernel));
                tree.put("order", bootOrder(firmware));
                tree.put("paths", BootOrder.paths(machine, firmware.options()));
                tree.put("strict", firmware.options().strict());
                tree.put("menu", firmware.options().menu());
            }
        }
        return tree;
    }

    private static Map<String, Object> controller(ControllerConfig controller) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("index", controller.index());
        put(tree, controller.virtio());
        tree.put("virtqueueSize", controller.limits().queueSize());
        tree.put("cmdPerLun", controller.limits().cmdPerLun());
        tree.put("maxSectors", controller.limits().maxSectors());
        tree.put("segMax", controller.limits().segMax());
        return tree;
    }

    private static void put(Map<String, Object> tree, VirtioConfig virtio) {
        tree.put("virtio", word(virtio.transport()));
        tree.put("queues", virtio.queues());
        tree.put("iothreads", virtio.iothreads());
        tree.put("slot", virtio.address().slot());
        tree.put("function", virtio.address().function());
    }

    private static void put(Map<String, Object> tree, LunRange place) {
        tree.put("controller", place.controller());
        tree.put("target", place.targets().first());
        tree.put("lun", place.luns().first());
    }

    private static Map<String, Object> place(LunRange place) {
        Map<String, Object> tree = new LinkedHashMap<>();
        put(tree, place);
        tree.put("lastTarget", place.targets().last());
        tree.put("lastLun", place.luns().last());
        return tree;
    }

    private static Map<String, Object> disk(DiskConfig disk) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("id", disk.id());
        tree.put("type", disk.cdrom() ? "cdrom" : "disk");
        tree.put("file", disk.image().source());
        tree.put("format", disk.image().format() == BlockOptions.Format.QCOW2 ? "qcow2" : "raw");
        tree.put("readonly", disk.image().readOnly());
        tree.put("cache", word(disk.image().cache()));
        tree.put("aio", word(disk.image().aio()));
        tree.put("discard", disk.image().unmap() ? "unmap" : "ignore");
        tree.put("shareable", disk.image().shareable());
        tree.put("rerror", word(disk.policy().errors().read()));
        tree.put("werror", word(disk.policy().errors().write()));
        tree.put("limits", ThrottleOptions.words(disk.policy().limits()));
        tree.put("serial", disk.serial());
        tree.put("logicalBlock", disk.logicalBlockSize());
        tree.put("physicalBlock", disk.physicalBlockSize());
        switch (disk.address()) {
            case DiskAddress.Scsi unit -> {
                tree.put("bus", "scsi");
                tree.put("removable", disk.removable());
                put(tree, unit.places().getFirst());
                tree.put(
                        "places",
                        unit.places().stream().map(MachineListing::place).toList());
                tree.put("vendor", disk.vendor());
                tree.put("product", disk.product());
                disk.wwn().ifPresent(wwn -> tree.put("wwn", wwn.toString()));
            }
            case DiskAddress.Virtio virtio -> {
                tree.put("bus", "virtio");
                put(tree, virtio.virtio());
            }
        }
        return tree;
    }
}
