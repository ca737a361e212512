package vmm.monitor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import vmm.block.BlockRequest.Operation;
import vmm.control.QmpEvent;
import vmm.linux.Errno;
import vmm.machine.MachineEvent;

/** What happens to a machine, in QMP's events. */
final class Events {
    private Events() {}

    /** The events that clients are told of, in their order. */
    static List<QmpEvent> translate(MachineEvent event) {
        return switch (event) {
            case MachineEvent.DeviceDeleted deleted -> one("DEVICE_DELETED", device(deleted.id()));
            case MachineEvent.UnplugRefused refused -> one("DEVICE_UNPLUG_GUEST_ERROR", device(refused.id()));
            case MachineEvent.OstReported report -> one("ACPI_DEVICE_OST", Map.of("info", status(report)));
            case MachineEvent.Shutdown end -> one("SHUTDOWN", Map.of("guest", end.guest(), "reason", end.reason()));
            case MachineEvent.Reset reset -> one("RESET", Map.of("guest", reset.guest(), "reason", reset.reason()));
            case MachineEvent.PoweredDown _ -> one("POWERDOWN", Map.of());
            case MachineEvent.Paused _ -> one("STOP", Map.of());
            case MachineEvent.Resumed _ -> one("RESUME", Map.of());
            case MachineEvent.DiskError error ->
                List.of(QmpEvent.of("BLOCK_IO_ERROR", error(error)), QmpEvent.of("STOP", Map.of()));
            case MachineEvent.TrayMoved tray ->
                one("DEVICE_TRAY_MOVED", Map.of("device", "", "id", tray.id(), "tray-open", tray.open()));
            case MachineEvent.GuestCrashed _ -> one("GUEST_PANICKED", Map.of("action", "poweroff"));
        };
    }

    private static List<QmpEvent> one(String name, Map<String, Object> data) {
        return List.of(QmpEvent.of(name, data));
    }

    private static Map<String, Object> device(String id) {
        return Map.of("device", id, "path", ObjectTree.device(id));
    }

    private static Map<String, Object> status(MachineEvent.OstReported report) {
        return Map.of(
                "slot", Integer.toString(report.slot()),
                "slot-type", "DIMM",
                "source", report.source(),
                "status", report.status());
    }

    private static Map<String, Object> error(MachineEvent.DiskError error) {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("device", "");
        data.put("node-name", error.node());
        data.put("operation", error.operation() == Operation.READ ? "read" : "write");
        data.put("action", "stop");
        data.put("nospace", error.errno() == Errno.ENOSPC);
        data.put("reason", Errno.describe(error.errno()));
        return data;
    }
}
