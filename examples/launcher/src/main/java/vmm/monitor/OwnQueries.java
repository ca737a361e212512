package vmm.monitor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import vmm.domain.DomainXml;
import vmm.machine.ControllerConfig;
import vmm.machine.DiskAddress;
import vmm.machine.DiskConfig;
import vmm.machine.LunRange;
import vmm.machine.MachineConfig;
import vmm.machine.RunningMachine;
import vmm.machine.VirtioConfig;
import vmm.machine.VirtioInfo;
import vmm.virtio.pci.VirtioPciState;

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
                Command.query("x-vmm-query-stats", queries::counters),
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
        disk.wwn().ifPresent(name -> tree.put("wwn", name.toString()));
        return tree;
    }

    /** What each disk has done in this life of the machine. */
    private List<Map<String, Object>> counters() {
        List<Map<String, Object>> trees = new ArrayList<>();
        for (DiskConfig disk : machine.config().disks()) {
            machine.counters(disk.id()).ifPresent(counters -> {
                Map<String, Object> tree = new LinkedHashMap<>();
                tree.put("id", disk.id());
                tree.put("bus", disk.address() instanceof DiskAddress.Scsi ? "scsi" : "virtio");
                tree.put("reads", counters.reads());
                tree.put("bytes-read", counters.bytesRead());
                tree.put("writes", counters.writes());
                tree.put("bytes-written", counters.bytesWritten());
                tree.put("flushes", counters.flushes());
                tree.put("errors", counters.errors());
                trees.add(tree);
            });
        }
        return trees;
    }

    /** Every virtio device with its queues, and what its driver has done with them. */
    private List<Map<String, Object>> devices() {
        MachineConfig config = machine.config();
        Map<String, VirtioInfo> infos =
                machine.virtio().stream().collect(Collectors.toMap(VirtioInfo::id, Function.identity()));
        List<Map<String, Object>> trees = new ArrayList<>();
        config.controllers()
                .forEach(controller -> trees.add(
                        device(controller.id(), "virtio-scsi", controller.virtio(), infos.get(controller.id()))));
        for (DiskConfig disk : config.disks()) {
            if (disk.address() instanceof DiskAddress.Virtio(VirtioConfig virtio)) {
                trees.add(device(disk.id(), "virtio-blk", virtio, infos.get(disk.id())));
            }
        }
        return trees;
    }

    /**
     * One of them.
     *
     * @param info null while the machine begins or ends
     */
    private static Map<String, Object> device(String id, String type, VirtioConfig virtio, @Nullable VirtioInfo info) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("id", id);
        tree.put("type", type);
        tree.put("address", virtio.address().toString());
        tree.put("transport", virtio.transport().name().toLowerCase(Locale.ROOT));
        tree.put("queues", virtio.queues());
        tree.put("iothreads", virtio.iothreads());
        if (info != null) {
            // virtio 1.3 2.1: DRIVER_OK is 4, DEVICE_NEEDS_RESET 64.
            tree.put("status", info.state().status());
            tree.put(
                    "enabled-queues",
                    info.state().queues().stream()
                            .filter(VirtioPciState.Queue::enabled)
                            .map(VirtioPciState.Queue::size)
                            .toList());
        }
        return tree;
    }
}
