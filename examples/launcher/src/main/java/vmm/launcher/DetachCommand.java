package vmm.launcher;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import vmm.control.QmpClient;
import vmm.domain.DiskXml;
import vmm.linux.HostException;
import vmm.machine.ConfigurationException;
import vmm.machine.MachineRequest;
import vmm.monitor.RemoteMachine;

/** {@code vmm detach}: unplugs a disk or a controller from a running machine. */
@Command(
        name = "detach",
        description = "Unplugs a disk or a SCSI controller from a running machine, and closes its image.",
        footer = {
            "",
            "A LUN goes at once. A PCI function goes, with all others of its slot, when the guest has let go of it; one"
                    + " that does not look, as firmware does, keeps it. A controller takes its LUNs along.",
            "",
            "Examples:",
            "  vmm detach web data",
            "  vmm detach web fast --timeout 120",
            "  vmm detach web disk.xml",
            "",
            "Exit status: 0 it is gone, 1 it is not."
        })
final class DetachCommand extends ControlCommand {
    private static final int MAX_SECONDS = 1_000_000;

    /** What is quicker needs no word. */
    private static final int SILENT_SECONDS = 2;

    @Parameters(
            index = "1",
            paramLabel = "ID|FILE.xml",
            description =
                    "The disk's or controller's id, or a libvirt <disk> or <controller> with that alias or target.")
    private String device = "";

    private String id = "";

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "How long to wait for the guest (60 if left out).")
    private int timeout = 60;

    @Option(names = "--json", description = "Tells what became of it as JSON.")
    private boolean json;

    DetachCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (timeout < 1 || timeout > MAX_SECONDS) {
            throw new ConfigurationException("--timeout takes 1 to " + MAX_SECONDS + " seconds, not " + timeout + ".");
        }
        id = device.endsWith(".xml") ? described(Path.of(device)) : device;
        try (QmpClient client = connect()) {
            return tell(detach(new RemoteMachine(client)));
        }
    }

    private static String described(Path file) {
        return switch (DiskXml.parse(file).device()) {
            case DiskXml.Device.Disk(MachineRequest.Disk disk) -> disk.id().orElseThrow();
            case DiskXml.Device.Controller(MachineRequest.Controller controller, Optional<String> id) ->
                id.orElseGet(() -> "scsi" + controller.index().orElse(0));
        };
    }

    private RemoteMachine.Detached detach(RemoteMachine machine) throws IOException, InterruptedException {
        CountDownLatch answered = new CountDownLatch(1);
        Thread progress = Thread.ofPlatform().daemon().start(() -> tellOfWait(answered));
        try {
            return machine.detach(id, Duration.ofSeconds(timeout));
        } finally {
            answered.countDown();
            progress.join();
        }
    }

    private void tellOfWait(CountDownLatch answered) {
        try {
            if (!answered.await(SILENT_SECONDS, TimeUnit.SECONDS)) {
                console().step("asked the guest to let go of " + id + "; waiting for up to " + timeout + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private int tell(RemoteMachine.Detached how) {
        String kept = "The guest of " + name();
        switch (how) {
            case GONE -> {}
            case REFUSED ->
                throw new HostException(kept + " keeps " + id + ": have it stop using the device, and try again.");
            case PENDING ->
                throw new HostException(kept + " has not let go of " + id + " within " + timeout
                        + " s: it may have no driver that listens; it goes when the guest lets it, or with the next"
                        + " vmm reset " + name() + ".");
        }
        if (json) {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("machine", name());
            facts.put("id", id);
            console().out().println(Json.write(facts));
        } else {
            console().out().println(id + " is detached from " + name() + ".");
        }
        return 0;
    }
}
