package vmm.domain;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import vmm.control.ControlPath;
import vmm.firmware.smbios.SystemIdentity;
import vmm.machine.Boot;
import vmm.machine.BootOptions;
import vmm.machine.ControllerConfig;
import vmm.machine.DiskAddress;
import vmm.machine.FirmwareSource;
import vmm.machine.FwCfgItem;
import vmm.machine.MachineConfig;
import vmm.machine.PciAddress;
import vmm.machine.SerialConfig;
import vmm.machine.VirtioConfig;

/** Describes a machine as libvirt does. What libvirt has no word for is said in a comment. */
final class DomainWriter {
    private final MachineConfig machine;
    private final XmlWriter xml = new XmlWriter();

    DomainWriter(MachineConfig machine) {
        this.machine = machine;
    }

    /** All of it. */
    String text() {
        xml.begin("domain", "type", "kvm");
        xml.text("name", machine.name());
        firmware()
                .map(firmware -> firmware.identity().uuid())
                .filter(uuid -> !uuid.equals(new UUID(0, 0)))
                .ifPresent(uuid -> xml.text("uuid", uuid));
        xml.text("memory", machine.memoryBytes() >> 10, "unit", "KiB");
        xml.text("currentMemory", machine.memoryBytes() >> 10, "unit", "KiB");
        xml.text("vcpu", machine.cpus());
        if (machine.iothreads() > 0) {
            xml.text("iothreads", machine.iothreads());
        }
        sysinfo();
        os();
        xml.begin("features").empty("acpi").empty("apic").end();
        xml.empty("clock", "offset", "utc");
        xml.text("on_poweroff", "destroy");
        xml.text("on_reboot", machine.rebootOnReset() ? "restart" : "destroy");
        xml.text("on_crash", "destroy");
        devices();
        xml.end();
        return xml.toString();
    }

    private Optional<Boot.Firmware> firmware() {
        return machine.boot() instanceof Boot.Firmware firmware ? Optional.of(firmware) : Optional.empty();
    }

    /** True if the guest is told more of its machine than the usual. */
    private boolean isNamed() {
        return firmware()
                .map(Boot.Firmware::identity)
                .filter(identity -> !withoutUuid(identity).equals(SystemIdentity.DEFAULT))
                .isPresent();
    }

    private static SystemIdentity withoutUuid(SystemIdentity identity) {
        return new SystemIdentity(
                identity.manufacturer(),
                identity.product(),
                identity.version(),
                identity.serial(),
                new UUID(0, 0),
                identity.sku(),
                identity.family());
    }

    private void sysinfo() {
        if (isNamed()) {
            SystemIdentity identity = firmware().orElseThrow().identity();
            xml.begin("sysinfo", "type", "smbios").begin("system");
            entry("manufacturer", identity.manufacturer());
            entry("product", identity.product());
            entry("version", identity.version());
            entry("serial", identity.serial());
            entry("sku", identity.sku());
            entry("family", identity.family());
            xml.end().end();
        }
        if (!machine.fwCfg().isEmpty()) {
            xml.begin("sysinfo", "type", "fwcfg");
            for (FwCfgItem item : machine.fwCfg()) {
                switch (item.value()) {
                    case FwCfgItem.Value.Text text -> xml.text("entry", text.text(), "name", item.name());
                    case FwCfgItem.Value.FileContents contents ->
                        xml.empty("entry", "name", item.name(), "file", absolute(contents.file()));
                }
            }
            xml.end();
        }
    }

    private void entry(String name, String value) {
        if (!value.isEmpty()) {
            xml.text("entry", value, "name", name);
        }
    }

    private void os() {
        xml.begin(
                "os", firmware().map(DomainWriter::attributes).orElse(List.of()).toArray());
        xml.text("type", "hvm", "arch", "x86_64", "machine", "pc");
        switch (machine.boot()) {
            case Boot.Kernel kernel -> kernel(kernel);
            case Boot.Firmware firmware -> {
                source(firmware.source());
                firmware.kernel().ifPresent(this::kernel);
                options(firmware.options());
            }
        }
        if (isNamed()) {
            xml.empty("smbios", "mode", "sysinfo");
        }
        xml.end();
    }

    private static List<Object> attributes(Boot.Firmware firmware) {
        return switch (firmware.source()) {
            // A kernel alone would be started without any.
            case FirmwareSource.SeaBios _ -> firmware.kernel().isPresent() ? List.of("firmware", "bios") : List.of();
            case FirmwareSource.Ovmf _ -> List.of("firmware", "efi");
            case FirmwareSource.Image _ -> List.of();
        };
    }

    private void source(FirmwareSource source) {
        switch (source) {
            case FirmwareSource.SeaBios _ -> {
                // The machine's usual firmware.
            }
            case FirmwareSource.Ovmf ovmf -> {
                if (ovmf.variables().isEmpty()) {
                    xml.empty("loader", "stateless", "yes");
                }
            }
            case FirmwareSource.Image image ->
                xml.text(
                        "loader",
                        absolute(image.file()),
                        "readonly",
                        "yes",
                        "type",
                        image.variables().isPresent() ? "pflash" : "rom");
        }
        source.variables().ifPresent(file -> xml.text("nvram", absolute(file)));
    }

    private void kernel(Boot.Kernel kernel) {
        xml.text("kernel", absolute(kernel.kernel()));
        kernel.initrd().ifPresent(initrd -> xml.text("initrd", absolute(initrd)));
        if (!kernel.commandLine().isEmpty()) {
            xml.text("cmdline", kernel.commandLine());
        }
    }

    private void options(BootOptions options) {
        // libvirt has either an order of kinds or one of disks.
        boolean ordered =
                machine.disks().stream().anyMatch(disk -> disk.bootIndex().isPresent());
        if (options.strict() && !ordered) {
            BootElement.words(options.order()).forEach(word -> xml.empty("boot", "dev", word));
        }
        if (options.menu() || options.menuMillis().isPresent()) {
            List<Object> words = new ArrayList<>(List.of("enable", options.menu() ? "yes" : "no"));
            options.menuMillis().ifPresent(time -> words.addAll(List.of("timeout", time)));
            xml.empty("bootmenu", words.toArray());
        }
    }

    private void devices() {
        xml.begin("devices");
        new DiskWriter(xml, this::address).write(machine.disks());
        machine.controllers().forEach(this::controller);
        serial("serial");
        serial("console");
        xml.end();
    }

    private void controller(ControllerConfig controller) {
        xml.begin(
                "controller",
                "type",
                "scsi",
                "index",
                controller.index(),
                "model",
                DiskWriter.model(controller.virtio(), "virtio-scsi"));
        xml.empty(
                "driver",
                DiskWriter.attributes(
                                controller.virtio(),
                                "cmd_per_lun",
                                controller.limits().cmdPerLun(),
                                "max_sectors",
                                controller.limits().maxSectors())
                        .toArray());
        xml.empty("alias", "name", controller.id());
        address(controller.virtio());
        xml.end();
    }

    private void address(VirtioConfig virtio) {
        PciAddress address = virtio.address();
        String slot = "0x%02x".formatted(address.slot());
        String function = "0x" + address.function();
        if (address.function() == 0 && isShared(address.slot())) {
            xml.empty(
                    "address",
                    "type",
                    "pci",
                    "domain",
                    "0x0000",
                    "bus",
                    "0x00",
                    "slot",
                    slot,
                    "function",
                    function,
                    "multifunction",
                    "on");
        } else {
            xml.empty("address", "type", "pci", "domain", "0x0000", "bus", "0x00", "slot", slot, "function", function);
        }
    }

    private boolean isShared(int slot) {
        long users = machine.controllers().stream()
                        .filter(controller -> controller.virtio().address().slot() == slot)
                        .count()
                + machine.disks().stream()
                        .filter(disk -> disk.address() instanceof DiskAddress.Virtio(VirtioConfig virtio)
                                && virtio.address().slot() == slot)
                        .count();
        return users > 1;
    }

    private void serial(String element) {
        switch (machine.serial()) {
            case SerialConfig.Stdio _ -> xml.begin(element, "type", "stdio");
            case SerialConfig.None _ -> xml.begin(element, "type", "null");
            case SerialConfig.ToFile(Path file) ->
                xml.begin(element, "type", "file").empty("source", "path", absolute(file));
            case SerialConfig.UnixSocket(Path path) -> {
                if (path.equals(ControlPath.console(machine.name()))) {
                    xml.begin(element, "type", "pty");
                } else {
                    xml.begin(element, "type", "unix").empty("source", "mode", "bind", "path", absolute(path));
                }
            }
        }
        xml.empty("target", "type", element.equals("serial") ? "isa-serial" : "serial", "port", 0);
        xml.empty("alias", "name", "serial0");
        xml.end();
    }

    private static Path absolute(Path file) {
        return file.toAbsolutePath();
    }
}
