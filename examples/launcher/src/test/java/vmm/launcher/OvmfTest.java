package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.firmware.bios.Ovmf;
import vmm.guests.BuiltinGuest;
import vmm.guests.UefiApplication;
import vmm.lab.GuestHost;
import vmm.linux.HostException;

/**
 * Unmodified OVMF starts an application, through its own drivers, and keeps a variable of the application's.
 *
 * <p>Not in the lab: its emulator (QEMU 7.2) ends with a failed assertion when a nested guest writes CR8 while KVM
 * waits for the guest to allow interrupts, and OVMF writes it at the end of each interrupt.
 */
@Timeout(300)
class OvmfTest {
    @TempDir
    Path folder;

    @BeforeAll
    static void needHardwareAndOvmf() {
        VmmRun.needKvm();
        try (GuestHost host = VmmProcess.guestHost()) {
            assumeTrue(host.place() == GuestHost.Place.DIRECT, "UEFI firmware needs KVM on hardware: " + host.reason());
        }
        try {
            Ovmf.find();
        } catch (HostException absent) {
            assumeTrue(false, absent.getMessage());
        }
    }

    private Path disk(String name) throws IOException {
        return Files.write(folder.resolve(name), UefiApplication.disk(name));
    }

    @Test
    void theBootOrderChoosesAmongTheDisksOfEitherBusAndVariablesLast() throws IOException {
        String blk = "bus=virtio,file=" + disk("blk");
        String scsi = "file=" + disk("scsi") + ",controller=1,target=3,lun=5";
        assertStarted("blk", 1, run("transitional", scsi, blk + ",boot=1"));
        assertStarted("scsi", 3, run("modern", scsi + ",boot=1", blk));
    }

    /** A machine with two disks; what its serial port got. */
    private String run(String virtio, String first, String second) throws IOException {
        Path serial = folder.resolve("serial");
        Vmm vmm = Vmm.execute(
                "run",
                "--firmware",
                "ovmf",
                "--firmware-vars",
                folder.resolve("vars.fd").toString(),
                "--memory",
                "128M",
                "--debug-exit",
                "--serial",
                "file:" + serial,
                "--virtio",
                virtio,
                "--controller",
                "scsi",
                "--controller",
                "scsi",
                "--disk",
                first,
                "--disk",
                second);
        String said = Files.readString(serial, StandardCharsets.ISO_8859_1);
        Files.delete(serial);
        assertEquals(BuiltinGuest.SUCCESS_STATUS, vmm.status(), said + vmm.err());
        return said;
    }

    /** Twice: the application has the firmware reset the machine in between. */
    private static void assertStarted(String disk, int number, String said) {
        for (int start = number; start < number + 2; start++) {
            String line = "Started by UEFI firmware from " + disk + ", start 0" + start + "\r\n";
            assertTrue(said.contains(line), () -> line + said);
        }
    }
}
