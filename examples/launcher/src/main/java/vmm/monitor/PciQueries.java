package vmm.monitor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import vmm.machine.PciAddress;
import vmm.machine.RunningMachine;
import vmm.pci.AddressDecoder;
import vmm.pci.Bar;
import vmm.pci.FunctionInfo;
import vmm.pci.FunctionInfo.BarInfo;
import vmm.pci.PciIdentity;

/** What QMP tells of the PCI bus. */
final class PciQueries {
    private static final int CLASS_SHIFT = 8;

    private final RunningMachine machine;

    PciQueries(RunningMachine machine) {
        this.machine = machine;
    }

    static List<Command> of(RunningMachine machine) {
        return List.of(Command.query("query-pci", new PciQueries(machine)::buses));
    }

    private List<Map<String, Object>> buses() {
        return List.of(Map.of(
                "bus",
                0,
                "devices",
                machine.functions().stream().map(this::function).toList()));
    }

    private Map<String, Object> function(FunctionInfo function) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("bus", 0);
        tree.put("slot", function.slot());
        tree.put("function", function.function());
        tree.put("class_info", Map.of("class", classOf(function), "desc", describe(function)));
        tree.put(
                "id",
                Map.of(
                        "device", function.identity().deviceId(),
                        "vendor", function.identity().vendorId(),
                        "subsystem", function.identity().subsystemId(),
                        "subsystem-vendor", function.identity().subsystemVendorId()));
        tree.put("irq_pin", function.interruptPin());
        if (function.interruptPin() != 0) {
            tree.put("irq", function.interruptLine());
        }
        tree.put("qdev_id", id(function));
        List<Map<String, Object>> regions = new ArrayList<>();
        function.bars().forEach(bar -> regions.add(region(bar)));
        tree.put("regions", regions);
        return tree;
    }

    private static Map<String, Object> region(BarInfo bar) {
        Map<String, Object> region = new LinkedHashMap<>();
        region.put("bar", bar.index());
        region.put("size", bar.size());
        region.put("address", bar.address());
        if (bar.kind() == Bar.Kind.IO) {
            region.put("type", "io");
        } else {
            region.put("type", "memory");
            region.put("prefetch", bar.kind() == Bar.Kind.MEMORY_64_PREFETCHABLE);
            region.put("mem_type_64", bar.kind() != Bar.Kind.MEMORY_32);
        }
        return region;
    }

    /** The id of the device that a function is, or nothing. */
    private String id(FunctionInfo function) {
        Optional<PciAddress> address = Optional.of(new PciAddress(function.slot(), function.function()));
        return Device.of(machine.config()).stream()
                .filter(device -> device.address().equals(address))
                .map(Device::id)
                .findFirst()
                .orElse("");
    }

    private static int classOf(FunctionInfo function) {
        return function.identity().classCode() >> CLASS_SHIFT;
    }

    /** The names of those classes that a machine can have (PCI Code and ID Assignment 1.1). */
    private static String describe(FunctionInfo function) {
        int number = classOf(function);
        return switch (number) {
            case 0x0100 -> "SCSI controller";
            case 0x0600 -> "Host bridge";
            case 0x0601 -> "ISA bridge";
            case 0x0680 -> "Bridge";
            default -> "Class %04x".formatted(number);
        };
    }

    /** The bus for people, as the human monitor shows it. */
    String text() {
        StringBuilder text = new StringBuilder();
        for (FunctionInfo function : machine.functions()) {
            PciIdentity identity = function.identity();
            line(text, "  Bus  0, device %3d, function %d:".formatted(function.slot(), function.function()));
            line(
                    text,
                    "    %s: PCI device %04x:%04x"
                            .formatted(describe(function), identity.vendorId(), identity.deviceId()));
            line(text, "      PCI subsystem %04x:%04x".formatted(identity.subsystemVendorId(), identity.subsystemId()));
            if (function.interruptPin() != 0) {
                char pin = (char) ('A' + function.interruptPin() - 1);
                line(text, "      IRQ %d, pin %c".formatted(function.interruptLine(), pin));
            }
            function.bars().forEach(bar -> line(text, "      BAR%d: %s".formatted(bar.index(), range(bar))));
            line(text, "      id \"%s\"".formatted(id(function)));
        }
        return text.toString();
    }

    /** The end of a range is its last byte; of one that is nowhere QEMU shows where that sum leads. */
    private static String range(BarInfo bar) {
        long last = bar.address() + bar.size() - 1;
        boolean mapped = bar.address() != AddressDecoder.UNMAPPED;
        long base = mapped ? bar.address() : -1;
        return switch (bar.kind()) {
            case IO -> "I/O at 0x%04x [0x%04x].".formatted(base, last);
            case MEMORY_32 -> "32 bit memory at 0x%08x [0x%08x].".formatted(base, last);
            case MEMORY_64 -> "64 bit memory at 0x%08x [0x%08x].".formatted(base, last);
            case MEMORY_64_PREFETCHABLE -> "64 bit prefetchable memory at 0x%08x [0x%08x].".formatted(base, last);
        };
    }

    private static void line(StringBuilder text, String line) {
        text.append(line).append("\r\n");
    }
}
