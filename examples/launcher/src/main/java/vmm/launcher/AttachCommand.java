package vmm.launcher;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import vmm.control.QmpClient;
import vmm.domain.DiskXml;
import vmm.machine.ConfigurationException;
import vmm.machine.MachineRequest.Controller;
import vmm.machine.MachineRequest.Disk;
import vmm.monitor.RemoteMachine;

/** {@code vmm attach}: plugs a disk or a controller into a running machine. */
@Command(
        name = "attach",
        description = "Plugs a disk or a SCSI controller into a running machine.",
        footer = {
            "",
            "Disks and controllers are described as for vmm run, or by libvirt's <disk> or <controller> in a file, as virsh"
                    + " attach-device takes it. A disk without bus= becomes a LUN of SCSI controller 0;"
                    + " with bus=virtio it is a PCI function, which the guest finds when its slot has a function 0.",
            "",
            "Examples:",
            "  vmm attach web --disk file=data.img,id=data,serial=DATA",
            "  vmm attach web --disk file=fast.img,id=fast,bus=virtio,slot=9",
            "  vmm attach web --controller scsi,slot=10,queues=4",
            "  vmm attach web disk.xml",
            "",
            "Exit status: 0 it is plugged, 1 the machine refused, 2 wrong usage."
        })
final class AttachCommand extends ControlCommand {
    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "FILE",
            description = "A libvirt <disk> or <controller> instead of the options.")
    private @Nullable Path xml;

    @Option(names = "--disk", paramLabel = "KEY=VALUE,...", description = "The disk; see vmm run --help.")
    private @Nullable String disk;

    @Option(
            names = "--controller",
            paramLabel = "scsi,KEY=VALUE,...",
            description = "The controller; see vmm run --help.")
    private @Nullable String controller;

    @Option(names = "--json", description = "Tells what was plugged as JSON.")
    private boolean json;

    AttachCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        // What makes no sense is told before the machine is asked.
        DiskXml.Device device = device();
        try (QmpClient client = connect()) {
            RemoteMachine machine = new RemoteMachine(client);
            tell(
                    switch (device) {
                        case DiskXml.Device.Disk(Disk wanted) -> machine.attach(wanted);
                        case DiskXml.Device.Controller(Controller wanted, Optional<String> id) ->
                            machine.attach(wanted, id);
                    });
        }
        return 0;
    }

    private DiskXml.Device device() {
        if (Stream.of(disk, controller, xml).filter(Objects::nonNull).count() != 1) {
            throw new ConfigurationException(
                    "vmm attach plugs one device; give either --disk, --controller or a FILE, and one of them.");
        }
        if (disk != null) {
            return new DiskXml.Device.Disk(DiskOptions.parse(disk));
        }
        if (controller != null) {
            return new DiskXml.Device.Controller(MachineOptions.controller(controller), Optional.empty());
        }
        DiskXml.Parsed parsed = DiskXml.parse(Objects.requireNonNull(xml));
        parsed.warning().ifPresent(console()::fail);
        return parsed.device();
    }

    private void tell(String id) {
        if (json) {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("machine", name());
            facts.put("id", id);
            console().out().println(Json.write(facts));
        } else {
            console().out().println(id + " is attached to " + name() + ".");
        }
    }
}
