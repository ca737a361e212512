package vmm.monitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import vmm.block.BlockOptions;
import vmm.control.ControlPath;
import vmm.event.LoopOptions;
import vmm.firmware.smbios.EntryPoint;
import vmm.firmware.smbios.SystemIdentity;
import vmm.machine.Boot;
import vmm.machine.BootOptions;
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
import vmm.virtio.RingFeatures;
import vmm.virtio.pci.VirtioTransport;

/** The same commands to QEMU and to this VMM, with like machines: what they answer, field by field. */
@Timeout(120)
class QmpAgainstQemuTest {
    private static final String UUID_TEXT = "11111111-2222-3333-4444-555555555555";
    private static final long IMAGE_BYTES = 8 << 20;
    private static final int SLOT_SCSI = 4;
    private static final int SLOT_BLK = 5;

    /** What tells the objects of an array apart, the best first. */
    private static final List<String> KEYS =
            List.of("qdev", "path", "node-name", "label", "cpu-index", "name", "id", "bar", "bus");

    private static final String PARSE_ERROR = "JSON parse error";
    private static final String NOTHING = "(nothing)";

    /** What firmware may have changed until it was stopped: where functions are, what it has read and negotiated. */
    private static final Pattern FIRMWARES = Pattern.compile(
            ".*(/regions/\\d/address|/irq|/stats/rd_[a-z]+|/started|/statuses.*|/guest-features/.*|/vring-(desc|avail|used))");

    /** What QEMU calls nodes that nobody has named. */
    private static final Pattern UNNAMED = Pattern.compile("#block\\d+");

    @TempDir
    private Path folder;

    /** Where two answers differ; a value that is not there is null. */
    private record Finding(String command, String path, String qemu, String ours) {
        PermittedDifference.Kind kind() {
            return ours.equals(NOTHING)
                    ? PermittedDifference.Kind.LESS
                    : qemu.equals(NOTHING) ? PermittedDifference.Kind.MORE : PermittedDifference.Kind.OTHER;
        }

        @Override
        public String toString() {
            return command + "\n    " + path + "\n        QEMU: " + qemu + "\n        here: " + ours;
        }
    }

    private final List<Finding> findings = new ArrayList<>();

    @BeforeEach
    void checkHost() {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "There is no KVM here.");
        boolean qemu = Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(path -> Files.isExecutable(Path.of(path, "qemu-system-x86_64")));
        assumeTrue(qemu, "There is no QEMU here.");
    }

    @Test
    void theSameCommandsHaveTheSameAnswers() throws Exception {
        Path theirs = images("qemu");
        Path ours = images("vmm");
        Process qemu = qemu(theirs);
        Thread machine = machine(ours);
        try (QmpPeer their = QmpPeer.connect(theirs.resolve("qmp"));
                QmpPeer our = QmpPeer.connect(ours.resolve("qmp"))) {
            compare("the greeting", their.answer(), our.answer());
            for (String line : script()) {
                JsonNode theirAnswer = their.ask(line.replace("@DIR@", theirs.toString()));
                JsonNode ourAnswer = our.ask(line.replace("@DIR@", ours.toString()));
                compare(line, theirAnswer, ourAnswer);
                compareEvents(line, their, our);
            }
            assertTrue(their.awaitEnd() && our.awaitEnd());
        } finally {
            qemu.destroyForcibly().waitFor();
            machine.join(TimeUnit.SECONDS.toMillis(20));
        }
        Set<PermittedDifference> met = new HashSet<>();
        List<String> unexplained = new ArrayList<>();
        for (Finding finding : findings) {
            Optional<PermittedDifference> why =
                    PermittedDifference.of(finding.kind(), finding.command(), finding.path());
            why.ifPresentOrElse(met::add, () -> unexplained.add(finding.toString()));
        }
        assertTrue(unexplained.isEmpty(), () -> String.join("\n", unexplained));
        List<PermittedDifference> gone = new ArrayList<>(PermittedDifference.ALL);
        gone.removeAll(met);
        assertEquals(List.of(), gone, "What differs no more.");
    }

    private Path images(String name) throws IOException {
        Path images = Files.createDirectory(folder.resolve(name));
        for (String image : List.of("a.img", "b.img", "disc.iso")) {
            try (RandomAccessFile file =
                    new RandomAccessFile(images.resolve(image).toFile(), "rw")) {
                file.setLength(IMAGE_BYTES);
            }
        }
        return images;
    }

    private static List<String> script() throws IOException {
        try (InputStream script = Objects.requireNonNull(QmpAgainstQemuTest.class.getResourceAsStream("script.qmp"))) {
            return new String(script.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .toList();
        }
    }

    private static Process qemu(Path images) throws IOException {
        return new ProcessBuilder(
                        "qemu-system-x86_64",
                        "-machine",
                        "pc,accel=tcg",
                        "-nodefaults",
                        "-display",
                        "none",
                        "-S",
                        "-m",
                        "256",
                        "-smp",
                        "2",
                        "-name",
                        "web",
                        "-uuid",
                        UUID_TEXT,
                        "-chardev",
                        "socket,id=serial0,path=" + images.resolve("serial") + ",server=on,wait=off",
                        "-serial",
                        "chardev:serial0",
                        "-object",
                        "iothread,id=iothread1",
                        "-device",
                        "virtio-scsi-pci,id=scsi0,addr=" + SLOT_SCSI,
                        "-blockdev",
                        "{\"driver\":\"raw\",\"node-name\":\"drive0\",\"discard\":\"unmap\",\"file\":{\"driver\":\"file\","
                                + "\"filename\":\"" + images.resolve("a.img") + "\"}}",
                        "-device",
                        "scsi-hd,id=drive0,drive=drive0,bus=scsi0.0,scsi-id=0,lun=0,serial=S0",
                        "-blockdev",
                        "{\"driver\":\"null-co\",\"size\":1048576,\"read-zeroes\":true,\"node-name\":\"drive1\"}",
                        "-device",
                        "virtio-blk-pci,id=drive1,drive=drive1,addr=" + SLOT_BLK + ",serial=S1",
                        "-device",
                        "scsi-cd,id=cd0,bus=scsi0.0,scsi-id=1,lun=0",
                        "-qmp",
                        "unix:" + images.resolve("qmp") + ",server=on,wait=off")
                .redirectErrorStream(true)
                .redirectOutput(images.resolve("log").toFile())
                .start();
    }

    private static Thread machine(Path images) {
        SystemIdentity identity = new SystemIdentity("VMM", "i440FX", "", "", UUID.fromString(UUID_TEXT), "", "");
        MachineRequest request = new MachineRequest(
                "web",
                256L << 20,
                2,
                1,
                LoopOptions.standard(),
                new Boot.Firmware(
                        new FirmwareSource.SeaBios(),
                        Optional.empty(),
                        BootOptions.DEFAULT,
                        identity,
                        EntryPoint.BITS_32),
                VirtioTransport.TRANSITIONAL,
                List.of(new Controller(
                        OptionalInt.empty(),
                        at(SLOT_SCSI),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        OptionalInt.empty())),
                List.of(
                        disk("drive0", Kind.DISK, images.resolve("a.img").toString(), "S0", 0),
                        blk("drive1", "null:1M", "S1"),
                        disk("cd0", Kind.CDROM, "", "CD", 1)),
                new SerialConfig.UnixSocket(images.resolve("serial")),
                Optional.of(ControlPath.at(images.resolve("qmp"))),
                true,
                false,
                List.of());
        MachineRunner runner = new MachineRunner(
                MachinePlanner.plan(request, HostLimits.ofThisHost()), sentence -> {}, MachineMonitor::new);
        return Thread.ofPlatform().start(() -> {
            try {
                runner.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static Virtio at(int slot) {
        return new Virtio(
                new Place(OptionalInt.of(slot), OptionalInt.empty()),
                Optional.empty(),
                OptionalInt.empty(),
                List.of(),
                RingFeatures.DEFAULT);
    }

    private static Disk disk(String id, Kind kind, String source, String serial, int target) {
        return disk(id, kind, source, serial, Bus.SCSI, Optional.of(NumberRange.of(target)), Virtio.ANY);
    }

    private static Disk blk(String id, String source, String serial) {
        return disk(id, Kind.DISK, source, serial, Bus.VIRTIO, Optional.empty(), at(SLOT_BLK));
    }

    private static Disk disk(
            String id, Kind kind, String source, String serial, Bus bus, Optional<NumberRange> target, Virtio virtio) {
        return new Disk(
                Optional.of(id),
                kind,
                BlockOptions.of(source, kind == Kind.CDROM),
                Optional.of(serial),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                512,
                OptionalInt.empty(),
                false,
                OptionalInt.empty(),
                bus,
                OptionalInt.empty(),
                target,
                target.map(where -> NumberRange.of(0)),
                virtio,
                DiskPolicy.DEFAULT);
    }

    /** Events may come before or after their command's answer; all of them have come when the next is answered. */
    private void compareEvents(String line, QmpPeer their, QmpPeer our) throws Exception {
        if (line.contains("\"quit\"")) {
            assertTrue(their.awaitEnd() && our.awaitEnd());
        } else if (line.contains("system_reset")) {
            their.awaitEvent("RESET");
            our.awaitEvent("RESET");
            TimeUnit.MILLISECONDS.sleep(500);
        } else if (line.contains("device_del") || line.contains("system_")) {
            TimeUnit.MILLISECONDS.sleep(500);
        }
        compare(line, "events", events(their), events(our));
    }

    /** What the guest itself does by then is its own matter. */
    private static String events(QmpPeer peer) {
        return peer.takeEvents().stream()
                .filter(event -> !event.path("data").path("guest").booleanValue(false))
                .map(event -> event.path("event").stringValue() + members(event.path("data")))
                .toList()
                .toString();
    }

    private static String members(JsonNode data) {
        Set<String> members = new TreeSet<>();
        data.properties().forEach(member -> members.add(member.getKey() + "=" + member.getValue()));
        return members.toString();
    }

    private void compare(String command, JsonNode qemu, JsonNode ours) {
        Map<String, String> theirFields = new LinkedHashMap<>();
        Map<String, String> ourFields = new LinkedHashMap<>();
        flatten("", qemu, theirFields);
        flatten("", ours, ourFields);
        Set<String> paths = new TreeSet<>(theirFields.keySet());
        paths.addAll(ourFields.keySet());
        for (String path : paths) {
            compare(command, path, theirFields.getOrDefault(path, NOTHING), ourFields.getOrDefault(path, NOTHING));
        }
    }

    private void compare(String command, String path, String qemu, String ours) {
        String neutral = qemu.replace(folder.resolve("qemu").toString(), "@DIR@");
        if (FIRMWARES.matcher(path).matches()) {
            return;
        }
        if (!neutral.equals(ours.replace(folder.resolve("vmm").toString(), "@DIR@"))) {
            findings.add(new Finding(command, path, neutral, ours));
        }
    }

    private static void flatten(String path, JsonNode node, Map<String, String> fields) {
        if (node.isObject() && !node.isEmpty()) {
            node.properties().forEach(member -> flatten(path + "/" + member.getKey(), member.getValue(), fields));
        } else if (node.isArray() && !node.isEmpty()) {
            for (int i = 0; i < node.size(); i++) {
                String key = key(node.get(i), i);
                if (!UNNAMED.matcher(key).matches()) {
                    flatten(path + "/" + key, node.get(i), fields);
                }
            }
        } else {
            String text = node.toString();
            // How the messages of a parser go on is its own matter.
            boolean syntax = text.startsWith("\"" + PARSE_ERROR);
            fields.put(path + (syntax ? ": " + PARSE_ERROR : ""), text);
        }
    }

    private static String key(JsonNode element, int index) {
        if (element.has("slot")) {
            return "slot " + element.path("slot") + "." + element.path("function");
        }
        return KEYS.stream()
                .filter(key -> element.path(key).isValueNode() && element.has(key))
                .map(key -> element.path(key).asString())
                .findFirst()
                .orElse(Integer.toString(index));
    }
}
