package vmm.monitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;
import vmm.block.ErrorPolicy;
import vmm.block.ThrottleLimits;
import vmm.block.ThrottleLimits.Rate;
import vmm.control.ControlPath;
import vmm.control.QmpClient;
import vmm.event.LoopOptions;
import vmm.firmware.smbios.EntryPoint;
import vmm.firmware.smbios.SystemIdentity;
import vmm.linux.HostException;
import vmm.machine.Boot;
import vmm.machine.BootOptions;
import vmm.machine.DiskLimits;
import vmm.machine.DiskPolicy;
import vmm.machine.FirmwareSource;
import vmm.machine.HostLimits;
import vmm.machine.MachinePlanner;
import vmm.machine.MachineRequest;
import vmm.machine.MachineRequest.Bus;
import vmm.machine.MachineRequest.Controller;
import vmm.machine.MachineRequest.Disk;
import vmm.machine.MachineRequest.Kind;
import vmm.machine.MachineRequest.Place;
import vmm.machine.MachineRequest.Virtio;
import vmm.machine.MachineRunner;
import vmm.machine.NumberRange;
import vmm.machine.SerialConfig;
import vmm.monitor.RemoteMachine.Detached;
import vmm.virtio.RingFeatures;
import vmm.virtio.pci.VirtioTransport;

/** Disks come to a machine and go again, asked for from outside. Its guest is firmware, which looks at nothing. */
@Timeout(60)
class RemoteMachineTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final int IMAGE_BYTES = 1 << 20;

    @TempDir
    private Path folder;

    private Thread runner;
    private QmpClient client;
    private RemoteMachine machine;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "There is no KVM here.");
        assumeTrue(Files.exists(Path.of("/usr/share/seabios")), "There is no SeaBIOS here.");
        Path socket = folder.resolve("control");
        MachineRequest request = new MachineRequest(
                "web",
                64L << 20,
                1,
                0,
                LoopOptions.standard(),
                new Boot.Firmware(
                        new FirmwareSource.SeaBios(),
                        Optional.empty(),
                        BootOptions.DEFAULT,
                        SystemIdentity.DEFAULT,
                        EntryPoint.BITS_32),
                VirtioTransport.TRANSITIONAL,
                List.of(Controller.ANY),
                List.of(disk("root", "null:1M", Bus.SCSI, Virtio.ANY, Optional.empty()), drive()),
                new SerialConfig.None(),
                Optional.of(ControlPath.at(socket)),
                true,
                false,
                List.of());
        MachineRunner run = new MachineRunner(
                MachinePlanner.plan(request, HostLimits.ofThisHost()), sentence -> {}, MachineMonitor::new);
        runner = Thread.ofPlatform().start(() -> {
            try {
                run.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        QmpPeer.connect(socket).close();
        client = QmpClient.connect(socket);
        machine = new RemoteMachine(client);
        while (!client.execute("query-status").path("running").booleanValue()) {
            Thread.sleep(10);
        }
    }

    @AfterEach
    void stop() throws Exception {
        if (client != null) {
            client.execute("quit");
            assertTrue(runner.join(SOON));
            client.close();
        }
    }

    private static Disk disk(String id, String source, Bus bus, Virtio virtio, Optional<Integer> lun) {
        return disk(id, source, bus, virtio, lun, DiskPolicy.DEFAULT);
    }

    private static Disk drive() {
        Disk disk = disk("cd", "", Bus.SCSI, Virtio.ANY, Optional.of(9));
        return new Disk(
                disk.id(),
                Kind.CDROM,
                new BlockOptions("", true, Format.UNSPECIFIED, Cache.WRITEBACK, Aio.AUTO, true),
                disk.serial(),
                disk.wwn(),
                disk.vendor(),
                disk.product(),
                disk.logicalBlockSize(),
                disk.physicalBlockSize(),
                disk.removable(),
                disk.bootIndex(),
                disk.bus(),
                disk.controller(),
                disk.targets(),
                disk.luns(),
                disk.virtio(),
                disk.policy());
    }

    private static Disk disk(
            String id, String source, Bus bus, Virtio virtio, Optional<Integer> lun, DiskPolicy policy) {
        return new Disk(
                id.isEmpty() ? Optional.empty() : Optional.of(id),
                Kind.DISK,
                BlockOptions.of(source, false),
                Optional.of("SERIAL"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                512,
                OptionalInt.empty(),
                false,
                OptionalInt.empty(),
                bus,
                OptionalInt.empty(),
                Optional.empty(),
                lun.map(NumberRange::of),
                virtio,
                policy);
    }

    private String image(String name) throws IOException {
        Path image = folder.resolve(name);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(IMAGE_BYTES);
        }
        return image.toString();
    }

    private static Virtio at(int slot, int function) {
        return new Virtio(
                new Place(OptionalInt.of(slot), OptionalInt.of(function)),
                Optional.empty(),
                OptionalInt.empty(),
                List.of(),
                RingFeatures.DEFAULT);
    }

    private List<String> nodes() throws IOException {
        return client.execute("query-named-block-nodes")
                .valueStream()
                .map(node -> node.path("node-name").stringValue())
                .toList();
    }

    private JsonNode inserted(String id) throws IOException {
        return client.execute("query-block")
                .valueStream()
                .filter(device -> device.path("qdev").stringValue("").equals(id))
                .map(device -> device.path("inserted"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aUnitComesIsResizedAndGoesWithItsImage() throws Exception {
        String id = machine.attach(disk("", image("data"), Bus.SCSI, Virtio.ANY, Optional.empty()));
        assertEquals("drive0", id);
        JsonNode lun = client.execute("qom-get", Map.of("path", "/machine/peripheral/" + id, "property", "lun"));
        assertEquals(1, lun.intValue());
        machine.resize(id, 2 * IMAGE_BYTES);
        assertEquals(2 * IMAGE_BYTES, Files.size(folder.resolve("data")));
        assertEquals(List.of("root", id), nodes());
        assertEquals(Detached.GONE, machine.detach(id, SOON));
        assertEquals(List.of("root"), nodes());
        assertEquals(id, machine.attach(disk("", image("data"), Bus.SCSI, Virtio.ANY, Optional.of(7))));
        machine.detach(id, SOON);
    }

    @Test
    void whatIsRefusedLeavesNoImageOpen() throws Exception {
        Disk taken = disk("data", image("data"), Bus.SCSI, Virtio.ANY, Optional.of(0));
        String sentence = refused(() -> machine.attach(taken));
        assertTrue(sentence.contains("lun already used by 'root'"), sentence);
        assertEquals(List.of("root"), nodes());
        Disk missing = disk("data", folder.resolve("no").toString(), Bus.SCSI, Virtio.ANY, Optional.empty());
        sentence = refused(() -> machine.attach(missing));
        assertTrue(sentence.contains("does not exist"), sentence);
        assertTrue(refused(() -> machine.detach("data", SOON)).contains("Device 'data' not found"));
        assertTrue(refused(() -> machine.resize("data", 512)).contains("root"));
    }

    @Test
    void limitsComeAlong() throws Exception {
        ThrottleLimits limits =
                new ThrottleLimits(Rate.NONE, Rate.NONE, Rate.NONE, new Rate(100, 200, 3), Rate.NONE, Rate.NONE, 0);
        DiskPolicy policy = new DiskPolicy(ErrorPolicy.DEFAULT, new DiskLimits(Optional.of("group"), limits), false, 0);
        machine.attach(disk("data", "null:1M", Bus.SCSI, Virtio.ANY, Optional.empty(), policy));
        JsonNode inserted = inserted("data");
        assertEquals(100, inserted.path("iops").intValue());
        assertEquals("group", inserted.path("group").stringValue());
    }

    @Test
    void aFunctionThatTheGuestCannotHaveFoundGoesAtOnceAndOthersAreAskedFor() throws Exception {
        machine.attach(disk("hidden", "null:1M", Bus.VIRTIO, at(9, 1), Optional.empty()));
        assertEquals(Detached.GONE, machine.detach("hidden", SOON));
        machine.attach(disk("shown", "null:1M", Bus.VIRTIO, at(9, 0), Optional.empty()));
        assertEquals(Detached.PENDING, machine.detach("shown", Duration.ofMillis(200)));
        machine.reset();
        assertTrue(client.awaitEvent(event -> event.name().equals("DEVICE_DELETED"), SOON)
                .isPresent());
        assertFalse(client.execute("qom-list", Map.of("path", "/machine/peripheral"))
                .toString()
                .contains("shown"));
    }

    @Test
    void aDiscIsChangedAndTakenOut() throws Exception {
        machine.change("cd", image("first.iso"), false);
        machine.change("cd", image("second.iso"), false);
        assertEquals(
                folder.resolve("second.iso").toString(),
                inserted("cd").path("file").stringValue());
        assertTrue(refused(() -> machine.change("cd", folder.resolve("no").toString(), false))
                .contains("does not exist"));
        machine.eject("cd", false);
        assertTrue(inserted("cd").isMissingNode());
        assertTrue(refused(() -> machine.eject("root", false)).contains("not removable"));
    }

    @Test
    void whatIsToGoWrongIsToldUntilItIsCleared() throws Exception {
        machine.inject("root", "medium-error", Map.of("offset", 4096, "length", 512));
        machine.inject("root", "busy", Map.of("commands", 3));
        machine.inject("root", "delay", Map.of("milliseconds", 20));
        assertEquals(
                "[{\"busy\":3,\"delayed\":-1,\"id\":\"root\",\"medium-errors\":[{\"length\":512,\"offset\":4096}],"
                        + "\"milliseconds\":20}]",
                machine.faults().toString());
        machine.inject("root", "unit-attention", Map.of("attention", "capacity-changed"));
        machine.clearFaults("root");
        assertEquals("[]", machine.faults().toString());
    }

    @Test
    void faultsThatCannotBeAreRefused() {
        assertTrue(refused(() -> machine.inject("no", "busy", Map.of())).contains("Device 'no' not found"));
        assertTrue(refused(() -> machine.inject("root", "busy", Map.of("commands", -1)))
                .contains("'commands' takes 0 to"));
        assertTrue(refused(() -> machine.inject("root", "delay", Map.of("milliseconds", 0)))
                .contains("'milliseconds'"));
        assertTrue(refused(() -> machine.inject("root", "medium-error", Map.of("offset", 1, "length", Long.MAX_VALUE)))
                .contains("'length'"));
        assertTrue(refused(() -> machine.inject("root", "unit-attention", Map.of("attention", "surprise")))
                .contains("'attention' does not accept value 'surprise'"));
    }

    @Test
    void aFunctionTakesNoFaults() throws Exception {
        machine.attach(disk("blk", "null:1M", Bus.VIRTIO, at(9, 1), Optional.empty()));
        assertTrue(refused(() -> machine.inject("blk", "busy", Map.of())).contains("not a logical unit"));
    }

    private interface Action {
        void run() throws Exception;
    }

    private static String refused(Action action) {
        return String.valueOf(assertThrows(HostException.class, action::run).getMessage());
    }
}
