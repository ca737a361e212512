package vmm.launcher;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import vmm.control.QmpClient;
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
            "Disks and controllers are described as for vmm run. A disk without bus= becomes a LUN of SCSI controller 0;"
                    + " with bus=virtio it is a PCI function, which the guest finds when its slot has a function 0.",
            "",
            "Examples:",
            "  vmm attach web --disk file=data.img,id=data,serial=DATA",
            "  vmm attach web --disk file=fast.img,id=fast,bus=virtio,slot=9",
            "  vmm attach web --controller scsi,slot=10,queues=4",
            "",
            "Exit status: 0 it is plugged, 1 the machine refused, 2 wrong usage."
        })
final class AttachCommand extends ControlCommand {
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
        if ((disk == null) == (controller == null)) {
            throw new ConfigurationException(
                    "vmm attach plugs one device; give either --disk or --controller, and one of them.");
        }
        // What makes no sense is told before the machine is asked.
        Optional<Disk> wantedDisk = Optional.ofNullable(disk).map(DiskOptions::parse);
        Optional<Controller> wantedController = Optional.ofNullable(controller).map(MachineOptions::controller);
        try (QmpClient client = connect()) {
            RemoteMachine machine = new RemoteMachine(client);
            String id = wantedDisk.isPresent()
                    ? machine.attach(wantedDisk.get())
                    : machine.attach(wantedController.orElseThrow(), Optional.empty());
            tell(id);
        }
        return 0;
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
