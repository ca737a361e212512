package vmm.guests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The guests on a VMM that is not ours, so that what they find wrong with ours is not their own fault. */
@Timeout(120)
class QemuTest {
    private static final String QEMU = "qemu-system-x86_64";
    private static final List<String> DEBUG_EXIT = List.of("-device", "isa-debug-exit,iobase=0xf4,iosize=4");
    private static final int RUN_SECONDS = 60;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it.
    private Path directory;

    private record Run(int status, List<String> lines) {}

    @BeforeEach
    void qemuIsInstalled() {
        assumeTrue(Tools.installed(QEMU), QEMU + " is not installed");
    }

    @Test
    void theBootKernelFindsAllItsParts() throws Exception {
        Path kernel = Files.write(directory.resolve("kernel"), BootKernel.bytes());
        Path initrd = Files.writeString(directory.resolve("initrd"), "the disk\0");
        var options = new ArrayList<>(DEBUG_EXIT);
        options.addAll(List.of("-initrd", initrd.toString(), "-append", "some words"));
        Run run = run(List.of("-kernel", kernel.toString()), "", options);
        assertEquals(
                "Kernel started with: some words; protected-mode part: all of it; initrd: the disk",
                run.lines.getLast());
        assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status);
    }

    @Test
    void aMultibootKernelFindsItsModules() throws Exception {
        Path kernel = Files.write(directory.resolve("kernel"), MultibootGuest.bytes());
        Path module = Files.writeString(directory.resolve("module"), "something\0");
        var options = new ArrayList<>(DEBUG_EXIT);
        options.addAll(List.of("-initrd", module + " one," + module, "-append", "some words"));
        Run run = run(List.of("-kernel", kernel.toString()), "", options);
        assertEquals(
                "Command line: " + kernel + " some words; module: " + module + " one holds something; module: " + module
                        + " holds something",
                run.lines.getLast());
        assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status);
    }

    @Test
    void aBootSectorPrintsTheTextBehindIt() throws Exception {
        Path image = Files.write(directory.resolve("boot"), BootSector.TEXT.disk("the text", 1 << 20));
        var options = new ArrayList<>(DEBUG_EXIT);
        options.addAll(List.of("-drive", "if=none,id=boot,format=raw,file=" + image));
        options.addAll(List.of("-device", "virtio-blk-pci,drive=boot"));
        Run run = run(List.of(), "", options);
        assertEquals("Started from drive 80: the text", run.lines.getLast());
        assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status);
    }

    @Test
    void everyDiskIsFoundAndRead() throws Exception {
        byte[] blk = disk(1, 2 << 20);
        byte[] first = disk(2, 1 << 20);
        byte[] second = disk(3, 4 << 20);
        var options = new ArrayList<>(DEBUG_EXIT);
        options.addAll(drive("blk", blk));
        options.addAll(List.of("-device", "virtio-blk-pci,disable-legacy=on,addr=4.0,drive=blk,serial=BLK-1"));
        options.addAll(List.of("-device", "virtio-scsi-pci,disable-legacy=on,addr=6.0,id=hba"));
        options.addAll(drive("first", first));
        options.addAll(List.of("-device", "scsi-hd,drive=first,bus=hba.0,scsi-id=0,lun=0,serial=SCSI-0-0"));
        options.addAll(drive("second", second));
        options.addAll(List.of(
                "-device",
                "scsi-hd,drive=second,bus=hba.0,scsi-id=255,lun=300,serial=SCSI-255-300,"
                        + "logical_block_size=4096,physical_block_size=4096"));
        Run run = run(BuiltinGuest.DISKS, "", options);
        List<String> expected = new ArrayList<>();
        expected.add("00:04.0 1af4:1042 class 010000");
        expected.add(" virtio-blk serial \"BLK-1\" blocks 4096 of 512");
        expected.add(block(blk, 0, 512));
        expected.add(block(blk, 4095, 512));
        expected.add("00:06.0 1af4:1048 class 010000");
        expected.add(" virtio-scsi target 0 lun 0 type 00 vendor \"QEMU\" product \"QEMU HARDDISK\""
                + " serial \"SCSI-0-0\" blocks 2048 of 512");
        expected.add(block(first, 0, 512));
        expected.add(block(first, 2047, 512));
        expected.add(" virtio-scsi target 255 lun 300 type 00 vendor \"QEMU\" product \"QEMU HARDDISK\""
                + " serial \"SCSI-255-300\" blocks 1024 of 4096");
        expected.add(block(second, 0, 4096));
        expected.add(block(second, 1023, 4096));
        expected.add("Finished: everything was read, 3 disks");
        assertEquals("Virtio disks", run.lines.getFirst());
        assertEquals("00:00.0 8086:1237 class 060000", run.lines.get(1));
        assertTrue(run.lines.contains("00:01.3 8086:7113 class 068000"), "the functions of slot 1 are listed");
        assertEquals(expected, run.lines.subList(run.lines.indexOf(expected.getFirst()), run.lines.size()));
        assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status);
    }

    @Test
    void barsAboveFourGibibytesAreReached() throws Exception {
        byte[] blk = disk(4, 1 << 20);
        var options = new ArrayList<>(DEBUG_EXIT);
        options.addAll(drive("blk", blk));
        options.addAll(List.of("-device", "virtio-blk-pci,disable-legacy=on,drive=blk"));
        // A BAR as large as all that is left below 4 GiB makes the firmware place every 64-bit BAR above.
        options.addAll(List.of("-device", "pci-testdev,membar=4G"));
        Run run = run(BuiltinGuest.DISKS, "", options);
        assertEquals("Finished: everything was read, 1 disk", run.lines.getLast());
        assertTrue(run.lines.contains(block(blk, 2047, 512)));
        assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status);
    }

    @Test
    void aMachineWithoutDisksIsAFailure() throws Exception {
        Run run = run(BuiltinGuest.DISKS, "", DEBUG_EXIT);
        assertEquals("Failed: no disk was found, 0 disks", run.lines.getLast());
        assertEquals((0x11 << 1) | 1, run.status);
    }

    @Test
    void aFunctionWithoutModernRegistersIsAFailure() throws Exception {
        var options = new ArrayList<>(DEBUG_EXIT);
        options.addAll(drive("blk", disk(5, 1 << 20)));
        options.addAll(List.of("-device", "virtio-blk-pci,disable-modern=on,drive=blk"));
        Run run = run(BuiltinGuest.DISKS, "", options);
        assertTrue(run.lines.contains(" failed: no modern virtio registers in a memory BAR with an address"));
        assertEquals((0x12 << 1) | 1, run.status);
    }

    @Test
    void eachInterfaceOfAFunctionIsUsedInTurns() throws Exception {
        byte[] both = disk(9, 1 << 20);
        byte[] legacy = disk(10, 1 << 20);
        var options = new ArrayList<>(DEBUG_EXIT);
        options.addAll(drive("both", both));
        options.addAll(List.of("-device", "virtio-blk-pci,disable-legacy=off,addr=4.0,drive=both"));
        options.addAll(List.of("-device", "virtio-scsi-pci,disable-modern=on,disable-legacy=off,addr=6.0,id=hba"));
        options.addAll(drive("legacy", legacy));
        options.addAll(List.of("-device", "scsi-hd,drive=legacy,bus=hba.0,scsi-id=0,lun=0"));
        Run run = run(BuiltinGuest.TRANSPORTS, "", options);
        List<String> expected = new ArrayList<>(List.of("00:04.0 1af4:1001"));
        for (int round = 0; round < 3; round++) {
            for (String words : List.of(" modern", " legacy")) {
                expected.addAll(List.of(words, block(both, 0, 512), block(both, 2047, 512)));
            }
        }
        expected.add("00:06.0 1af4:1004");
        for (int round = 0; round < 3; round++) {
            expected.addAll(List.of(" legacy", block(legacy, 0, 512), block(legacy, 2047, 512)));
        }
        expected.add("Finished: 2 disks");
        assertEquals(expected, run.lines.subList(run.lines.indexOf(expected.getFirst()), run.lines.size()));
        assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status);
    }

    @Test
    void withoutADebugExitTheMachineIsPoweredOff() throws Exception {
        Run run = run(BuiltinGuest.DISKS, "", List.of());
        assertEquals("Failed: no disk was found, 0 disks", run.lines.getLast());
        assertEquals(0, run.status);
    }

    @Test
    void loadDrivesBothKindsOfDisksAndCountsWhatItDid() throws Exception {
        var options = new ArrayList<>(DEBUG_EXIT);
        options.addAll(drive("blk", disk(6, 1 << 20)));
        options.addAll(List.of("-device", "virtio-blk-pci,disable-legacy=on,num-queues=2,drive=blk"));
        options.addAll(List.of("-device", "virtio-scsi-pci,disable-legacy=on,num_queues=2,id=hba"));
        options.addAll(drive("first", disk(7, 1 << 20)));
        options.addAll(List.of("-device", "scsi-hd,drive=first,bus=hba.0,scsi-id=0,lun=0"));
        options.addAll(drive("second", disk(8, 1 << 20)));
        options.addAll(List.of(
                "-device",
                "scsi-hd,drive=second,bus=hba.0,scsi-id=0,lun=1,logical_block_size=4096,physical_block_size=4096"));
        options.addAll(List.of(
                "-append",
                "seconds=0.1 dev=blk qd=1 then qd=128 rw=randwrite then indirect=0 qd=32 rw=read bs=16384 queues=2"
                        + " then dev=scsi luns=2 bs=4096 rw=write event_idx=0"));
        Run run = run(BuiltinGuest.LOAD, "", options);
        assertEquals("Finished", run.lines.getLast());
        assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status);
        List<String> ends =
                run.lines.stream().filter(line -> line.startsWith("end ")).toList();
        List<String> jobs = List.of(
                "end dev=blk rw=randread bs=4096 qd=1 devices=1 queues=1 luns=1",
                "end dev=blk rw=randwrite bs=4096 qd=128 devices=1 queues=1 luns=1",
                "end dev=blk rw=read bs=16384 qd=32 devices=1 queues=2 luns=1",
                "end dev=scsi rw=write bs=4096 qd=32 devices=1 queues=2 luns=2");
        assertEquals(jobs.size(), ends.size());
        for (int i = 0; i < jobs.size(); i++) {
            String pattern = jobs.get(i) + " ios=[1-9]\\d* ns=[1-9]\\d{8} kicks=[1-9]\\d*"
                    + " p50=[1-9]\\d* p99=[1-9]\\d* max=[1-9]\\d* errors=0";
            assertTrue(ends.get(i).matches(pattern), ends.get(i));
        }
    }

    @Test
    void recordsThatAreWrittenAreOnTheDiskAndPromised() throws Exception {
        for (String dev : List.of("blk", "scsi")) {
            var options = new ArrayList<>(DEBUG_EXIT);
            options.addAll(drive(dev, new byte[1 << 20]));
            options.addAll(List.of(
                    "-device",
                    dev.equals("blk")
                            ? "virtio-blk-pci,disable-legacy=on,drive=blk"
                            : "virtio-scsi-pci,disable-legacy=on,id=hba"));
            if (dev.equals("scsi")) {
                options.addAll(List.of("-device", "scsi-hd,drive=scsi,bus=hba.0,scsi-id=0,lun=0"));
            }
            options.addAll(List.of("-append", "rw=records qd=8 seed=7 flush-every=10 bs=2048 seconds=0.1 dev=" + dev));
            Run run = run(BuiltinGuest.LOAD, "", options);
            assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status, run.lines::toString);
            var records = new Records(7, 2048, 512);
            long promised = records.promised(run.lines);
            assertTrue(promised >= 10, run.lines::toString);
            assertEquals(List.of(), records.missing(directory.resolve(dev + ".img"), promised));
            long beyond = promised + 512;
            assertNotEquals(List.of(), records.missing(directory.resolve(dev + ".img"), beyond));
        }
    }

    @Test
    void aWordThatLoadDoesNotKnowIsAFailure() throws Exception {
        var options = new ArrayList<>(DEBUG_EXIT);
        options.addAll(List.of("-append", "seconds=1 queue=1"));
        Run run = run(BuiltinGuest.LOAD, "", options);
        assertEquals("Failed: bad command line: queue=1", run.lines.getLast());
        assertEquals((0x19 << 1) | 1, run.status);
    }

    @Test
    void theFirstByteIsPrinted() throws Exception {
        Run run = run(BuiltinGuest.FIRST_BYTE, "", DEBUG_EXIT);
        assertEquals(List.of("V"), run.lines);
        assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status);
    }

    @Test
    void inputIsEchoedUntilAQ() throws Exception {
        Run run = run(BuiltinGuest.ECHO, "Hello, world, qed", DEBUG_EXIT);
        assertEquals(List.of(">Hello, world, q"), run.lines);
        assertEquals(BuiltinGuest.SUCCESS_STATUS, run.status);
    }

    @Test
    void aTripleFaultResetsTheMachine() throws Exception {
        Run run = run(BuiltinGuest.TRIPLE_FAULT, "", DEBUG_EXIT);
        assertEquals(List.of("T"), run.lines);
        assertEquals(0, run.status, "-no-reboot makes an end of it, and not by the debug exit");
    }

    private byte[] disk(int seed, int size) {
        byte[] contents = new byte[size];
        new Random(seed).nextBytes(contents);
        return contents;
    }

    private List<String> drive(String id, byte[] contents) throws IOException {
        Path image = Files.write(directory.resolve(id + ".img"), contents);
        return List.of("-drive", "if=none,format=raw,id=" + id + ",file=" + image);
    }

    /** The line that the guest is to print for a block, as far as it can be known. */
    private static String block(byte[] disk, int lba, int size) {
        var crc = new CRC32();
        crc.update(disk, lba * size, size);
        String start = HexFormat.of().formatHex(disk, lba * size, lba * size + 16);
        var text = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            byte c = disk[lba * size + i];
            text.append(c >= ' ' && c <= '~' ? (char) c : '.');
        }
        return "  block %d crc32 %08x %s |%s|".formatted(lba, crc.getValue(), start, text);
    }

    private Run run(BuiltinGuest guest, String input, List<String> options) throws Exception {
        return run(List.of("-kernel", guest.extract(directory).toString()), input, options);
    }

    private Run run(List<String> boot, String input, List<String> options) throws Exception {
        Path output = directory.resolve("serial");
        var command = new ArrayList<>(List.of(QEMU, "-M", "pc", "-accel", "tcg", "-m", "128", "-nodefaults"));
        command.addAll(List.of("-display", "none", "-serial", "stdio", "-no-reboot"));
        command.addAll(boot);
        command.addAll(options);
        Process process = new ProcessBuilder(command)
                .redirectOutput(output.toFile())
                .redirectError(directory.resolve("errors").toFile())
                .start();
        try {
            process.getOutputStream().write(input.getBytes(StandardCharsets.US_ASCII));
            process.getOutputStream().flush();
            assertTrue(process.waitFor(RUN_SECONDS, TimeUnit.SECONDS), () -> boot + " did not end: " + text(output));
        } finally {
            process.destroyForcibly().waitFor();
        }
        List<String> lines = text(output)
                .lines()
                .map(line -> line.replaceFirst(" ticks [0-9]+$", ""))
                .toList();
        return new Run(process.exitValue(), lines);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
