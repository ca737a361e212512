package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import vmm.guests.BuiltinGuest;

/** What is seen of a running machine from outside, one that a libvirt domain describes. */
@Timeout(180)
class WatchRunTest {
    private static final int DISK_SIZE = 64 << 10;

    @TempDir
    Path folder;

    @BeforeAll
    static void needKvm() {
        VmmRun.needKvm();
    }

    /** Runs a command to its end. */
    private VmmRun vmm(String... arguments) {
        return VmmRun.start(folder, VmmRun.command(folder, Arrays.asList(arguments)));
    }

    private String out(String... arguments) throws InterruptedException {
        try (VmmRun run = vmm(arguments)) {
            String err = run.err();
            assertEquals(0, run.status(), err);
            return run.out();
        }
    }

    private String refusal(String... arguments) throws InterruptedException {
        try (VmmRun run = vmm(arguments)) {
            String err = run.err();
            assertEquals(1, run.status(), err);
            assertEquals(1, err.lines().count(), err);
            return err;
        }
    }

    private Path domain() throws IOException {
        Files.write(folder.resolve("a.img"), new byte[DISK_SIZE]);
        Files.write(folder.resolve("b.img"), new byte[DISK_SIZE]);
        return Files.writeString(folder.resolve("web.xml"), """
                <domain type='kvm'>
                  <name>web</name>
                  <memory unit='MiB'>64</memory>
                  <os>
                    <type arch='x86_64' machine='pc'>hvm</type>
                    <kernel>%1$s</kernel>
                  </os>
                  <devices>
                    <disk type='file' device='disk'>
                      <source file='%2$s/a.img'/>
                      <target dev='vda' bus='virtio'/>
                    </disk>
                    <disk type='file' device='disk'>
                      <source file='%2$s/b.img'/>
                      <target dev='sda' bus='scsi'/>
                      <serial>TABLE1</serial>
                      <address type='drive' controller='0' bus='0' target='3' unit='0'/>
                    </disk>
                    <interface type='network'/>
                    <console type='pty'/>
                  </devices>
                </domain>
                """.formatted(BuiltinGuest.ECHO.extract(folder), folder));
    }

    /** The machine, once it can be seen. */
    private VmmRun web() throws Exception {
        VmmRun run = vmm("run", "--xml", domain().toString());
        VmmRun.await("the machine in the list", () -> {
            try {
                return out("list").contains("\nweb ") || !run.alive();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        return run;
    }

    @Test
    void aDomainIsSeenFromOutsideAsItWasDescribed() throws Exception {
        try (VmmRun run = web()) {
            JsonNode listed = new JsonMapper().readTree(out("list", "--json")).get(0);
            assertEquals("web", listed.get("name").stringValue());
            assertEquals(64 << 20, listed.get("memory").longValue());
            assertEquals(2, listed.get("disks").intValue());
            assertTrue(out("info", "web", "pci").contains("1af4:1001      0100   vda"));
            assertTrue(out("info", "web", "scsi").contains("3       0    sda  disk  TABLE1"));
            assertTrue(out("info", "web", "queues").contains("vda    virtio-blk   00:03.0"));
            assertTrue(out("info", "web", "stats").contains("vda  virtio  0"));
            assertTrue(out("info", "web", "disks").contains(folder + "/b.img"));
            assertEquals(
                    "scsi0",
                    new JsonMapper()
                            .readTree(out("info", "web", "scsi", "--json"))
                            .get(0)
                            .get("id")
                            .stringValue());
            Path dumped = Files.writeString(folder.resolve("dumped.xml"), out("dumpxml", "web"));
            assertTrue(out("run", "--xml", dumped.toString(), "--dry-run").contains("target 3  lun 0  sda"));
            assertEquals("", out("stop", "web", "--force").replace("web is off.\n", ""));
            assertTrue(run.err().contains("does without the devices interface."), run.errSoFar());
        }
    }

    @Test
    void theConsoleIsTheOtherEndOfTheSerialPort() throws Exception {
        try (VmmRun run = web();
                VmmRun console = vmm("console", "web")) {
            // What is typed before the line is taken is echoed, too.
            console.type("ping".getBytes(StandardCharsets.US_ASCII));
            console.awaitOutput("ping");
            out("stop", "web", "--force");
            assertEquals(0, console.status(), "the machine has ended");
            assertFalse(run.alive() && run.status() != 0);
        }
    }

    @Test
    void aSerialPortThatLeadsElsewhereIsNoConsole() throws Exception {
        List<String> arguments = new ArrayList<>(VmmRun.guest(folder, BuiltinGuest.ECHO, "--serial", "none"));
        arguments.add(1, "quiet");
        try (VmmRun run = VmmRun.start(folder, VmmRun.command(folder, arguments))) {
            VmmRun.await("the machine", () -> Files.exists(control("quiet")) || !run.alive());
            String err = refusal("console", "quiet");
            assertTrue(err.contains("leads to nowhere: start the machine with --serial unix"), err);
        }
    }

    @Test
    void whatAKilledMachineLeftIsTakenAwayAndItsNameIsFree() throws Exception {
        try (VmmRun run = web()) {
            run.signal("KILL");
            VmmRun.await("its end", () -> !run.alive());
        }
        assertTrue(Files.exists(control("web")));
        try (VmmRun again = web()) {
            again.signal("KILL");
            VmmRun.await("its end", () -> !again.alive());
        }
        assertFalse(out("list").contains("web"));
        assertFalse(Files.exists(control("web").resolveSibling("console")));
        assertTrue(refusal("info", "web", "pci").contains("No machine web is running"));
    }

    @Test
    void aMachineThatSaysNothingIsListedSoon() throws Exception {
        try (VmmRun run = web()) {
            run.signal("STOP");
            long start = System.nanoTime();
            assertTrue(out("list").contains("silent"));
            assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(30));
            run.signal("CONT");
        }
    }

    private Path control(String machine) {
        return folder.resolve("vmm-" + System.getProperty("user.name"))
                .resolve(machine)
                .resolve("control");
    }
}
