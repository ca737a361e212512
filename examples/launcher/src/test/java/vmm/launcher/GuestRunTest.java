package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.guests.BuiltinGuest;
import vmm.guests.MultibootGuest;

/** {@code vmm run} as a whole, on this machine's KVM, with the guests that come with it. */
@Timeout(180)
class GuestRunTest {
    private static final int DISK_SIZE = 64 << 10;

    @TempDir
    Path folder;

    @BeforeAll
    static void needKvm() {
        VmmRun.needKvm();
    }

    private String image(String name) throws IOException {
        byte[] data = new byte[DISK_SIZE];
        new Random(name.hashCode()).nextBytes(data);
        return Files.write(folder.resolve(name), data).toString();
    }

    /** The lines that the guest prints of the first and the last block of an image. */
    private String blocks(String name, int size) throws IOException {
        byte[] data = Files.readAllBytes(folder.resolve(name));
        return "block 0 crc32 " + crc(Arrays.copyOf(data, size)) + " ... block " + (DISK_SIZE / size - 1) + " crc32 "
                + crc(Arrays.copyOfRange(data, DISK_SIZE - size, DISK_SIZE));
    }

    private static String crc(byte[] data) {
        CRC32 crc = new CRC32();
        crc.update(data);
        return String.format("%08x", crc.getValue());
    }

    /** The two blocks that follow the line of the guest's output with these words. */
    private static String blocksAfter(String output, String words) {
        int at = output.indexOf(words);
        assertTrue(at >= 0, () -> "no '" + words + "' in: " + output);
        String[] lines = output.substring(at).split("\r?\n", 4);
        return lines[1].strip().substring(0, lines[1].strip().indexOf(" crc32 ") + 15) + " ... "
                + lines[2].strip().substring(0, lines[2].strip().indexOf(" crc32 ") + 15);
    }

    @Test
    void bothKindsOfDiskAreReadInEveryPlaceWithTheirSerialNumbers() throws Exception {
        try (VmmRun run = VmmRun.start(
                folder,
                BuiltinGuest.DISKS,
                "--disk",
                "serial=FIRST,file=" + image("first"),
                "--disk",
                "lun=7,serial=SEVENTH,readonly,file=" + image("seventh"),
                "--disk",
                "target=3,serial=LARGE,logical-block=4096,file=" + image("large"),
                "--disk",
                "bus=virtio,slot=5,function=0,serial=NOUGHT,file=" + image("nought"),
                "--disk",
                "bus=virtio,slot=5,function=3,serial=THREE,readonly,file=" + image("three"),
                "--disk",
                "bus=virtio,slot=5,function=7,serial=SEVEN,file=" + image("seven"),
                "--disk",
                "bus=virtio,slot=31,serial=LAST,file=" + image("last"))) {
            String out = run.out();
            assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status(), () -> out);
            assertTrue(out.contains("Finished: everything was read, 7 disks"), () -> out);
            for (String place : new String[] {"00:05.0", "00:05.3", "00:05.7", "00:1f.0"}) {
                assertTrue(out.contains(place + " 1af4:1001"), () -> place + " is missing: " + out);
            }
            assertTrue(out.contains("target 3 lun 0"), () -> out);
            assertTrue(out.contains("target 0 lun 7"), () -> out);
            assertAll(
                    () -> assertEquals(blocks("first", 512), blocksAfter(out, "serial \"FIRST\"")),
                    () -> assertEquals(blocks("seventh", 512), blocksAfter(out, "serial \"SEVENTH\"")),
                    () -> assertEquals(blocks("large", 4096), blocksAfter(out, "serial \"LARGE\"")),
                    () -> assertEquals(blocks("nought", 512), blocksAfter(out, "serial \"NOUGHT\"")),
                    () -> assertEquals(blocks("three", 512), blocksAfter(out, "serial \"THREE\"")),
                    () -> assertEquals(blocks("seven", 512), blocksAfter(out, "serial \"SEVEN\"")),
                    () -> assertEquals(blocks("last", 512), blocksAfter(out, "serial \"LAST\"")),
                    () -> assertEquals("", run.err()));
        }
    }

    @Test
    void aMultibootKernelFindsItsModules() throws Exception {
        Path kernel = Files.write(folder.resolve("kernel"), MultibootGuest.bytes());
        Path module = Files.writeString(folder.resolve("module"), "something\0");
        List<String> arguments = List.of(
                "run",
                "--memory",
                "64M",
                "--debug-exit",
                "--kernel",
                kernel.toString(),
                "--append",
                "some words",
                "--initrd",
                module + " one," + module);
        try (VmmRun run = VmmRun.start(folder, VmmRun.command(folder, arguments))) {
            assertEquals(
                    "Command line: " + kernel + " some words; module: " + module + " one holds something; module: "
                            + module + " holds something\r\n",
                    run.out());
            assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status());
            assertEquals("", run.err());
        }
    }

    @Test
    void aSharedDiskIsFoundAtBothItsAddressesOnTwoFunctionsOfOneSlot() throws Exception {
        String shared = "shareable,serial=SHARED,file=" + image("shared");
        try (VmmRun run = VmmRun.start(
                folder,
                BuiltinGuest.DISKS,
                "--controller",
                "scsi,slot=4,function=0,virtqueue_size=64",
                "--controller",
                "scsi,slot=4,function=1",
                "--disk",
                shared,
                "--disk",
                shared + ",controller=1,target=255,lun=16383",
                "--disk",
                "null:1M,controller=1,target=0-3,lun=0-2,serial=NOTHING")) {
            String out = run.out();
            assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status(), () -> out);
            assertTrue(out.contains("Finished: everything was read, 14 disks"), () -> out);
            int second = out.indexOf("00:04.1 1af4:1004");
            assertTrue(second > 0, () -> out);
            assertEquals(blocks("shared", 512), blocksAfter(out, "serial \"SHARED\""));
            assertEquals(blocks("shared", 512), blocksAfter(out.substring(second), "target 255 lun 16383"));
            assertTrue(
                    out.contains("target 3 lun 2 type 00 vendor \"VMM\" product \"VIRTUAL DISK\" serial"
                            + " \"NOTHING-3-2\""),
                    () -> out);
            assertEquals("", run.err());
        }
    }

    /**
     * The guest itself fails if a device writes to its memory after a reset, of which it does many with requests in
     * flight.
     */
    @Test
    void eachTransportIsDrivenByEveryInterfaceThatItHas() throws Exception {
        List<String> options = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        List<String> kinds = List.of("modern", "transitional", "legacy");
        for (int i = 0; i < kinds.size(); i++) {
            String kind = kinds.get(i);
            options.addAll(List.of("--controller", "scsi,slot=" + (4 + i) + ",index=" + i + ",virtio=" + kind));
            options.addAll(List.of("--disk", "controller=" + i + ",file=" + image("scsi-" + kind)));
            options.addAll(
                    List.of("--disk", "bus=virtio,slot=" + (7 + i) + ",virtio=" + kind + ",file=" + image(kind)));
        }
        for (String bus : List.of("scsi-", "")) {
            for (String kind : kinds) {
                expected.add(device(bus.isEmpty(), kind));
                for (int round = 0; round < 3; round++) {
                    if (!kind.equals("legacy")) {
                        expected.addAll(List.of("modern", blocks(bus + kind, 512)));
                    }
                    if (!kind.equals("modern")) {
                        expected.addAll(List.of("legacy", blocks(bus + kind, 512)));
                    }
                }
            }
        }
        expected.add("Finished: 6 disks");
        try (VmmRun run = VmmRun.start(folder, BuiltinGuest.TRANSPORTS, options.toArray(String[]::new))) {
            String out = run.out();
            assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status(), () -> out);
            assertEquals(String.join("\n", expected), shortened(out), () -> out);
            assertEquals("", run.err());
        }
    }

    private static String device(boolean blk, String kind) {
        return "1af4:" + (kind.equals("modern") ? blk ? "1042" : "1048" : blk ? "1001" : "1004");
    }

    /** The guest's lines but the first, without places on the bus, and each two lines of blocks in one. */
    private static String shortened(String output) {
        return output.lines()
                .skip(1)
                .map(line -> line.replaceFirst("(crc32 [0-9a-f]{8}).*", "$1")
                        .replaceFirst("^[0-9:.]+ ", "")
                        .strip())
                .collect(Collectors.joining("\n"))
                .replaceAll("(block 0 crc32 [0-9a-f]{8})\n", "$1 ... ");
    }

    @Test
    void disksOfOneGroupKeepTheirLimitTogether() throws Exception {
        try (VmmRun run = VmmRun.start(
                folder,
                BuiltinGuest.LOAD,
                "--append",
                "rw=randread dev=blk devices=2 bs=512 qd=16 seconds=2",
                "--disk",
                "bus=virtio,group-name=both,total-iops-sec=2000,file=" + image("one"),
                "--disk",
                "bus=virtio,group-name=both,file=" + image("other"))) {
            String out = run.out();
            assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status(), () -> out);
            Matcher end = Pattern.compile("end .* ios=(\\d+) ns=(\\d+) ").matcher(out);
            assertTrue(end.find(), () -> out);
            // A tenth of a second's worth may go at once at the start.
            double most = 200 + 2000 * Long.parseLong(end.group(2)) / 1e9;
            long ios = Long.parseLong(end.group(1));
            assertTrue(ios <= most + 2 * 16 && ios > most / 2, () -> ios + " of " + most + ": " + out);
        }
    }

    @Test
    void memoryAboveTheHoleAndASecondProcessorChangeNothing() throws Exception {
        try (VmmRun run = VmmRun.start(
                folder,
                BuiltinGuest.DISKS,
                "--memory",
                "5G",
                "--cpus",
                "2",
                "--disk",
                "serial=A,file=" + image("a"),
                "--disk",
                "bus=virtio,serial=B,logical-block=4096,file=" + image("b"))) {
            String out = run.out();
            assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status(), () -> out);
            assertEquals(blocks("a", 512), blocksAfter(out, "serial \"A\""));
            assertEquals(blocks("b", 4096), blocksAfter(out, "serial \"B\""));
        }
    }

    @Test
    void theFirstByteOfTheGuestIsAllThatStandardOutputGets() throws Exception {
        try (VmmRun run = VmmRun.start(folder, BuiltinGuest.FIRST_BYTE)) {
            assertEquals("V", run.out());
            assertEquals("", run.err());
            assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status());
        }
    }

    @Test
    void aSerialPortInAFileReplacesWhatTheFileHeld() throws Exception {
        Path file = Files.writeString(folder.resolve("serial"), "something longer");
        try (VmmRun run = VmmRun.start(folder, BuiltinGuest.FIRST_BYTE, "--serial", "file:" + file)) {
            assertEquals("", run.out());
            assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status());
            assertEquals("V", Files.readString(file));
        }
    }

    @Test
    void aSerialPortThatLeadsNowhereSaysNothing() throws Exception {
        try (VmmRun run = VmmRun.start(folder, BuiltinGuest.FIRST_BYTE, "--serial", "none")) {
            assertEquals("", run.out());
            assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status());
        }
    }

    @Test
    void aSerialPortOnASocketIsTheOwnersAloneAndGoesWithTheMachine() throws Exception {
        Path socket = folder.resolve("console");
        try (VmmRun run = VmmRun.start(folder, BuiltinGuest.ECHO, "--serial", "unix:" + socket)) {
            VmmRun.await("the socket", () -> Files.exists(socket) || !run.alive());
            try (SocketChannel line = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                line.connect(UnixDomainSocketAddress.of(socket));
                line.write(ByteBuffer.wrap("Hello".getBytes(StandardCharsets.US_ASCII)));
                ByteBuffer echo = ByteBuffer.allocate(64);
                String text = "";
                while (!text.endsWith("Hello")) {
                    assertTrue(line.read(echo) > 0, "the line was cut");
                    text = new String(echo.array(), 0, echo.position(), StandardCharsets.US_ASCII);
                }
                assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
                line.write(ByteBuffer.wrap(new byte[] {'q'}));
                assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status());
            }
            assertEquals("", run.out());
            assertFalse(Files.exists(socket));
        }
    }

    @Test
    void aLongPasteLosesNothing() throws Exception {
        byte[] paste = new byte[50 << 10];
        for (int i = 0; i < paste.length; i++) {
            paste[i] = (byte) ('A' + i % 26);
        }
        try (VmmRun run = VmmRun.start(folder, BuiltinGuest.ECHO)) {
            run.type(paste);
            run.type(new byte[] {'q'});
            assertEquals(">" + new String(paste, StandardCharsets.US_ASCII) + "q", run.out());
            assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status());
        }
    }

    @Test
    void theEndOfTheInputIsNotTheEndOfTheMachine() throws Exception {
        try (VmmRun run = VmmRun.start(folder, BuiltinGuest.ECHO)) {
            run.type(new byte[] {'x'});
            run.endInput();
            run.awaitOutput(">x");
            Thread.sleep(300);
            assertTrue(run.alive());
        }
    }

    @Test
    void aTripleFaultEndsWithASentenceAndTheRegisters() throws Exception {
        crashes(BuiltinGuest.TRIPLE_FAULT, "T", "triple fault", "RIP 00000000001000");
    }

    @Test
    void anInstructionThatKvmCannotEmulateEndsWithASentenceAndTheRegisters() throws Exception {
        crashes(BuiltinGuest.UNEMULATED, "U", "cannot emulate", "RIP 00000000e0000000");
    }

    private void crashes(BuiltinGuest guest, String printed, String... words) throws Exception {
        try (VmmRun run = VmmRun.start(folder, guest)) {
            String err = run.err();
            assertEquals(1, run.status(), () -> err);
            assertEquals(printed, run.out());
            assertTrue(err.startsWith("vmm: "), () -> err);
            assertEquals(1, err.lines().filter(line -> line.startsWith("vmm: ")).count(), () -> err);
            assertFalse(err.contains("Exception") || err.contains("\tat "), () -> err);
            for (String word : words) {
                assertTrue(err.contains(word), () -> "no '" + word + "' in: " + err);
            }
            for (String register : new String[] {"RAX", "RSP", "CR0", "CR3", "EFER"}) {
                assertTrue(err.contains(register), () -> "no " + register + " in: " + err);
            }
        }
    }

    @Test
    void aResetEndsAMachineThatIsNotToReboot() throws Exception {
        try (VmmRun run = VmmRun.start(folder, BuiltinGuest.RESET, "--no-reboot")) {
            assertEquals("R", run.out());
            assertEquals(0, run.status());
            assertEquals("", run.err());
        }
    }

    @Test
    void aResetBeginsANewLifeThatTakesNoMoreThanTheLast() throws Exception {
        try (VmmRun run = VmmRun.start(
                folder,
                BuiltinGuest.RESET,
                "--cpus",
                "2",
                "--disk",
                "file=" + image("a"),
                "--disk",
                "bus=virtio,file=" + image("b"))) {
            run.awaitOutput("R".repeat(5));
            long[] early = most(run, 15);
            run.awaitOutput("R".repeat(100));
            long[] late = most(run, 15);
            // Threads of the JVM itself may come; one thread or descriptor per life would make it 80 more.
            assertTrue(late[0] <= early[0] + 8, () -> "threads: " + early[0] + ", then " + late[0]);
            assertTrue(late[1] <= early[1] + 8, () -> "descriptors: " + early[1] + ", then " + late[1]);
            assertTrue(late[2] <= early[2] + 40, () -> "mappings: " + early[2] + ", then " + late[2]);
            run.signal("TERM");
            assertEquals(143, run.status(10));
            assertEquals("R".repeat(run.out().length()), run.out());
        }
    }

    /** The most threads, descriptors and mappings of memory seen while the guest lives so many lives more. */
    private static long[] most(VmmRun run, int lives) {
        int end = run.outSoFar().length() + lives;
        long[] most = new long[3];
        while (run.alive() && run.outSoFar().length() < end) {
            most[0] = Math.max(most[0], entries(run, "task"));
            most[1] = Math.max(most[1], entries(run, "fd"));
            most[2] = Math.max(most[2], mappings(run));
        }
        return most;
    }

    private static long mappings(VmmRun run) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + run.pid(), "maps"))) {
            return lines.count();
        } catch (IOException | UncheckedIOException ended) {
            return 0;
        }
    }

    private static long entries(VmmRun run, String directory) {
        String[] names = Path.of("/proc/" + run.pid(), directory).toFile().list();
        return names == null ? 0 : names.length;
    }
}
