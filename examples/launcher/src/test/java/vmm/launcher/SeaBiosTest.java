package vmm.launcher;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vmm.firmware.bios.SeaBios;
import vmm.guests.BootKernel;
import vmm.guests.BootSector;
import vmm.guests.BuiltinGuest;
import vmm.linux.HostException;

/** Unmodified SeaBIOS on this machine's KVM starts a boot sector, through its own drivers, from every kind of disk. */
@Timeout(60)
class SeaBiosTest {
    @TempDir
    Path folder;

    @BeforeAll
    static void needKvmAndSeaBios() {
        VmmRun.needKvm();
        try {
            SeaBios.find();
        } catch (HostException absent) {
            assumeTrue(false, absent.getMessage());
        }
    }

    private String image(String text) throws IOException {
        return Files.write(folder.resolve(text), BootSector.TEXT.disk(text, 1 << 20))
                .toString();
    }

    /** What the serial port got, without what a terminal does with it. */
    private record Result(int status, String serial, String err) {}

    private Result run(String... options) {
        Path serial = folder.resolve("serial");
        Vmm vmm = run(serial, options);
        return new Result(vmm.status(), serialSoFar(serial), vmm.err());
    }

    private static String serialSoFar(Path serial) {
        try {
            return Files.exists(serial) ? Files.readString(serial, StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Vmm run(Path serial, String... options) {
        List<String> arguments = new ArrayList<>(List.of("run", "--memory", "64M", "--debug-exit"));
        arguments.addAll(List.of("--serial", "file:" + serial));
        arguments.addAll(Arrays.asList(options));
        return Vmm.execute(arguments.toArray(String[]::new));
    }

    private static void assertStarted(String text, Result result) {
        assertTrue(result.serial.contains("SeaBIOS (version "), result::toString);
        assertTrue(result.serial.contains("Started from drive 80: " + text + "\r\n"), result::toString);
        assertEquals(BuiltinGuest.SUCCESS_STATUS, result.status, result::toString);
        assertEquals("", result.err);
    }

    @ParameterizedTest
    @CsvSource({
        "legacy,first", "legacy,far", "legacy,blk",
        "transitional,first", "transitional,far", "transitional,blk",
        "modern,first", "modern,far", "modern,blk"
    })
    void theBootOrderChoosesAmongTheDisksOfEitherBusByEveryInterface(String virtio, String chosen) throws IOException {
        List<String> options = new ArrayList<>(List.of("--virtio", virtio));
        options.addAll(List.of("--controller", "scsi", "--controller", "scsi,slot=9,function=3"));
        options.addAll(
                List.of("--disk", "bus=virtio,slot=9,file=" + Files.write(folder.resolve("other"), new byte[4096])));
        for (String disk : List.of("first", "far,controller=1,target=3,lun=5", "blk,bus=virtio,slot=9,function=1")) {
            String name = disk.split(",", 2)[0];
            options.add("--disk");
            options.add("file=" + image(name) + disk.substring(name.length()) + (name.equals(chosen) ? ",boot=1" : ""));
        }
        assertStarted(chosen, run(options.toArray(String[]::new)));
    }

    @Test
    void withoutABootIndexTheFirstDiskIsStartedAndSeveralProcessorsWait() throws IOException {
        assertStarted(
                "one",
                run("--cpus", "2", "--disk", "file=" + image("one"), "--disk", "bus=virtio,file=" + image("two")));
    }

    @Test
    void aKernelIsStartedByTheFirmwareBeforeAnyDisk() throws IOException {
        Path kernel = Files.write(folder.resolve("kernel"), BootKernel.bytes());
        Path initrd = Files.write(folder.resolve("initrd"), Arrays.copyOf("the disk".getBytes(US_ASCII), 3 << 20));
        Result result = run(
                "--firmware",
                "seabios",
                "--kernel",
                kernel.toString(),
                "--initrd",
                initrd.toString(),
                "--append",
                "some words",
                "--disk",
                "boot=1,file=" + image("disk"));
        assertEquals(BuiltinGuest.SUCCESS_STATUS, result.status, result::toString);
        assertTrue(
                result.serial.contains(
                        "Kernel started with: some words; protected-mode part: all of it; initrd: the disk\r\n"),
                result::toString);
    }

    @Test
    void everyKindOfResetStartsTheMachineAgainWithWhatWasWritten() throws IOException {
        Path image = Files.write(folder.resolve("image"), BootSector.RESETS.disk("", 1 << 20));
        Path serial = folder.resolve("serial");
        Vmm vmm = run(serial, "--disk", "file=" + image);
        String said = serialSoFar(serial);
        assertEquals(BuiltinGuest.SUCCESS_STATUS, vmm.status(), said);
        for (int start = 1; start <= 5; start++) {
            assertTrue(said.contains("Start 0" + start + " 0" + start + "\r\n"), said);
        }
        assertEquals(5, said.split("SeaBIOS \\(version", -1).length - 1, said);
        assertEquals(5, Files.readAllBytes(image)[512]);
    }

    /** It tries again after a minute, for which nobody waits here. */
    @Test
    void aDiskWithoutABootSectorMakesTheFirmwareSaySo() throws Exception {
        Path serial = folder.resolve("serial");
        Path blank = Files.write(folder.resolve("blank"), new byte[1 << 20]);
        Thread machine = Thread.ofPlatform().start(() -> run(serial, "--disk", "file=" + blank));
        try {
            VmmRun.await(
                    "no bootable device",
                    () -> !machine.isAlive() || serialSoFar(serial).contains("No bootable device."));
            assertTrue(serialSoFar(serial).contains("Boot failed: not a bootable disk"), () -> serialSoFar(serial));
            assertTrue(machine.isAlive());
        } finally {
            machine.interrupt();
            machine.join();
        }
    }
}
