package vmm.monitor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import vmm.domain.DomainXml;
import vmm.machine.ControllerConfig;
import vmm.machine.DiskAddress;
import vmm.machine.DiskConfig;
import vmm.machine.LunRange;
import vmm.machine.MachineConfig;
import vmm.machine.RunningMachine;
import vmm.machine.VirtioConfig;

/** What a machine tells that QMP has no words for; their names begin with {@code x-vmm-}. */
final class OwnQueries {
    private final RunningMachine machine;

    private OwnQueries(RunningMachine machine) {
        this.machine = machine;
    }

    static List<Command> of(RunningMachine machine) {
        OwnQueries queries = new OwnQueries(machine);
        return List.of(
                Command.query("x-vmm-dumpxml", () -> Map.of("xml", DomainXml.write(machine.config()))),
                Command.query("x-vmm-query-machine", queries::summary),
                Command.query("x-vmm-query-scsi", queries::controllers),
                Command.query("x-vmm-query-virtio", queries::devices));
    }

    private Map<String, Object> summary() {
        MachineConfig config = machine.config();
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", config.name());
        tree.put("pid", ProcessHandle.current().pid());
        tree.put("status", machine.state().word());
        tree.put("memory", config.memoryBytes());
        tree.put("vcpus", config.cpus());
        tree.put("disks", config.disks().size());
        return tree;
    }

    /** Controllers with their logical units, in the order of their addresses. */
    private List<Map<String, Object>> controllers() {
        MachineConfig config = machine.config();
        List<Map<String, Object>> trees = new ArrayList<>();
        for (ControllerConfig controller : config.controllers()) {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("id", controller.id());
            tree.put("index", controller.index());
            tree.put("address", controller.virtio().address().toString());
            tree.put("units", units(config, controller.index()));
            trees.add(tree);
        }
        return trees;
    }

    private static List<Map<String, Object>> units(MachineConfig config, int controller) {
        record Unit(LunRange place, DiskConfig disk) {}
        List<Unit> units = new ArrayList<>();
        for (DiskConfig disk : config.disks()) {
            if (disk.address() instanceof DiskAddress.Scsi(List<LunRange> places)) {
                places.stream()
                        .filter(place -> place.controller() == controller)
                        .forEach(place -> units.add(new Unit(place, disk)));
            }
        }
        return units.stream()
                .sorted((a, b) -> a.place.targets().first() != b.place.targets().first()
                        ? Integer.compare(
                                a.place.targets().first(), b.place.targets().first())
                        : Integer.compare(a.place.luns().first(), b.place.luns().first()))
                .map(unit -> unit(unit.place, unit.disk))
                .toList();
    }

    private static Map<String, Object> unit(LunRange place, DiskConfig disk) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("id", disk.id());
        tree.put("type", disk.cdrom() ? "cdrom" : "disk");
        // A range has as many units as there are numbers in both.
        tree.put("target", place.targets().first());
        tree.put("last-target", place.targets().last());
        tree.put("lun", place.luns().first());
        tree.put("last-lun", place.luns().last());
        tree.put("file", disk.image().source());
        tree.put("read-only", disk.image().readOnly());
        tree.put("serial", disk.serial());
        return tree;
    }

    /** Every virtio device with its queues. */
    private List<Map<String, Object>> devices() {
        MachineConfig config = machine.config();
        List<Map<String, Object>> trees = new ArrayList<>();
        config.controllers()
                .forEach(controller -> trees.add(device(controller.id(), "virtio-scsi", controller.virtio())));
        for (DiskConfig disk : config.disks()) {
            if (disk.address() instanceof DiskAddress.Virtio(VirtioConfig virtio)) {
                trees.add(device(disk.id(), "virtio-blk", virtio));
            }
        }
        return trees;
    }

    private static Map<String, Object> device(String id, String type, VirtioConfig virtio) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("id", id);
        tree.put("type", type);
        tree.put("address", virtio.address().toString());
        tree.put("transport", virtio.transport().name().toLowerCase(Locale.ROOT));
        tree.put("queues", virtio.queues());
        tree.put("iothreads", virtio.iothreads());
        return tree;
    }
}
