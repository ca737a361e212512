package vmm.domain;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import vmm.control.ControlPath;
import vmm.event.LoopOptions;
import vmm.machine.FwCfgItem;
import vmm.machine.MachinePlanner;
import vmm.machine.MachineRequest;
import vmm.machine.MachineRequest.Bus;
import vmm.machine.MachineRequest.Controller;
import vmm.machine.MachineRequest.Disk;
import vmm.virtio.pci.VirtioTransport;

/** A {@code <domain>}. */
final class DomainElement {
    private static final Map<String, Long> UNITS = Map.ofEntries(
            Map.entry("b", 1L),
            Map.entry("bytes", 1L),
            Map.entry("KB", 1000L),
            Map.entry("k", 1L << 10),
            Map.entry("KiB", 1L << 10),
            Map.entry("MB", 1_000_000L),
            Map.entry("M", 1L << 20),
            Map.entry("MiB", 1L << 20),
            Map.entry("GB", 1_000_000_000L),
            Map.entry("G", 1L << 30),
            Map.entry("GiB", 1L << 30),
            Map.entry("TB", 1_000_000_000_000L),
            Map.entry("T", 1L << 40),
            Map.entry("TiB", 1L << 40));

    /** What a guest would be another one without. */
    private static final Map<String, String> REFUSED = Map.of(
            "launchSecurity", "is for guests that their host cannot look into, and this one can; leave it out",
            "qemu:commandline", "is for QEMU itself; leave it out",
            "qemu:override", "is for QEMU itself; leave it out");

    private static final Set<String> HOST_STORAGE = Set.of("scsi", "scsi_host");

    private final XmlElement domain;
    private final XmlElement devices;
    private final String name;

    /**
     * What is to be understood.
     *
     * @param name what the user calls it, if not as the description does
     */
    DomainElement(XmlElement domain, Optional<String> name) {
        if (!domain.name().equals("domain")) {
            throw domain.refused("is no <domain>; give a description such as virt-install --print-xml prints");
        }
        this.domain = domain;
        this.devices = domain.child("devices").orElseGet(() -> new XmlElement("", "devices", 0));
        Optional<String> own = domain.textOf("name");
        this.name = name.or(() -> own).orElseThrow(() -> domain.refused("has no <name>; add one"));
        MachinePlanner.checkName(this.name);
    }

    MachineRequest request() {
        refuseOthers();
        visitUsual();
        List<DiskElement> elements = diskElements();
        List<Disk> disks = disks(elements);
        boolean ordered = disks.stream().anyMatch(disk -> disk.bootIndex().isPresent());
        return new MachineRequest(
                name,
                memory(),
                cpus(),
                domain.child("iothreads").map(XmlElement::number).orElse(0),
                LoopOptions.standard(),
                new BootElement(domain, name, ordered).boot(),
                VirtioTransport.TRANSITIONAL,
                controllers(disks),
                disks,
                SerialElement.of(devices, name),
                Optional.of(ControlPath.of(name)),
                rebootOnReset(),
                false,
                fwCfg());
    }

    /** What every machine is like here, and asks for nothing. */
    private void visitUsual() {
        domain.child("features").ifPresent(features -> {
            features.child("acpi");
            features.child("apic");
        });
        domain.child("clock").ifPresent(clock -> clock.says("offset", "utc"));
        domain.children().stream()
                .filter(cpu -> cpu.name().equals("cpu") && cpu.says("mode", "host-passthrough"))
                .forEach(XmlElement::visit);
    }

    private void refuseOthers() {
        // Whoever asks for an emulated processor gets a faster one.
        if (!domain.says("type", "qemu")) {
            domain.oneOf("type", Map.of("kvm", true));
        } else {
            domain.forget("type");
        }
        domain.attribute("id");
        for (XmlElement child : domain.children()) {
            String why = REFUSED.get(child.name());
            if (why != null) {
                throw child.refused(why);
            }
        }
        for (XmlElement device : devices.children()) {
            boolean hostStorage = device.name().equals("hostdev")
                    && HOST_STORAGE.contains(device.attribute("type").orElse(""));
            if (hostStorage || device.name().equals("filesystem")) {
                throw device.refused("is storage that this machine cannot give its guest; leave it out, or give the"
                        + " guest a <disk>");
            }
        }
    }

    private long memory() {
        XmlElement memory = domain.child("memory").orElseThrow(() -> domain.refused("has no <memory>; add one"));
        long bytes = bytes(memory);
        // What a guest should give back through a balloon it keeps.
        domain.child("currentMemory").filter(current -> bytes(current) < bytes).ifPresent(XmlElement::forget);
        long unit = 1L << 20;
        return Math.ceilDiv(bytes, unit) * unit;
    }

    private static long bytes(XmlElement memory) {
        long unit = memory.oneOf("unit", UNITS).orElse(1L << 10);
        long number = memory.longNumber();
        if (number > Long.MAX_VALUE / 2 / unit) {
            throw memory.refused("is more than any machine can have; lower it");
        }
        return number * unit;
    }

    /** Those that the machine starts with: no others can be plugged. */
    private int cpus() {
        return domain.child("vcpu")
                .map(element -> element.number("current").orElseGet(element::number))
                .orElse(1);
    }

    private boolean rebootOnReset() {
        for (String event : List.of("on_poweroff", "on_crash")) {
            domain.child(event)
                    .filter(element -> !element.text().equals("destroy"))
                    .ifPresent(element -> {
                        if (event.equals("on_poweroff")) {
                            throw element.refused("is " + XmlElement.shown(element.text())
                                    + ", and this machine ends when its guest switches it off; write destroy");
                        }
                        element.forget();
                    });
        }
        Optional<XmlElement> reboot = domain.child("on_reboot");
        return reboot.map(XmlElement::text)
                .map(text -> switch (text) {
                    case "restart" -> true;
                    case "destroy" -> false;
                    default ->
                        throw reboot.get()
                                .refused(
                                        "is " + XmlElement.shown(text)
                                                + ", and a machine that is reset starts again or ends; write restart or destroy");
                })
                .orElse(true);
    }

    private List<FwCfgItem> fwCfg() {
        List<FwCfgItem> items = new ArrayList<>();
        for (XmlElement sysinfo : domain.children()) {
            if (sysinfo.name().equals("sysinfo") && sysinfo.says("type", "fwcfg")) {
                for (XmlElement entry : sysinfo.visit().children("entry")) {
                    FwCfgItem.Value value = entry.attribute("file")
                            .<FwCfgItem.Value>map(file -> new FwCfgItem.Value.FileContents(entry.file(file)))
                            .orElseGet(() -> new FwCfgItem.Value.Text(entry.text()));
                    items.add(new FwCfgItem(entry.required("name"), value));
                }
            }
        }
        return items;
    }

    private List<DiskElement> diskElements() {
        List<DiskElement> disks = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (XmlElement element : devices.children("disk")) {
            DiskElement disk = new DiskElement(element);
            if (!names.add(disk.name())) {
                throw disk.refusedName("has dev='" + disk.name() + "', as another disk has; change it");
            }
            disks.add(disk);
        }
        return disks;
    }

    private static List<Disk> disks(List<DiskElement> elements) {
        Map<String, Disk> shared = new LinkedHashMap<>();
        List<Disk> disks = new ArrayList<>();
        for (DiskElement element : elements) {
            Disk disk = element.requestPlaced();
            if (disk.bus() == Bus.SCSI && disk.image().shareable()) {
                // The same image once more is another path to the same disk.
                Disk first = shared.putIfAbsent(disk.image().source(), disk);
                disks.add(first == null ? disk : element.requestUnnamed());
            } else {
                disks.add(disk);
            }
        }
        return disks;
    }

    /** The controllers described, and those that disks are on without anybody having described them. */
    private List<Controller> controllers(List<Disk> disks) {
        List<ControllerElement> described = devices.children().stream()
                .filter(element -> element.name().equals("controller"))
                .map(ControllerElement::scsi)
                .flatMap(Optional::stream)
                .toList();
        Set<Integer> taken = new HashSet<>();
        described.forEach(element -> element.request().index().ifPresent(taken::add));
        List<Controller> controllers = new ArrayList<>();
        for (ControllerElement element : described) {
            if (element.request().index().isPresent()) {
                controllers.add(element.request());
            } else {
                int index = 0;
                while (!taken.add(index)) {
                    index++;
                }
                controllers.add(element.request(index));
            }
        }
        Set<Integer> missing = new TreeSet<>();
        disks.forEach(disk -> disk.controller().ifPresent(missing::add));
        missing.removeAll(taken);
        missing.forEach(index -> controllers.add(new Controller(
                OptionalInt.of(index),
                Controller.ANY.virtio(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalInt.empty())));
        return controllers;
    }
}
