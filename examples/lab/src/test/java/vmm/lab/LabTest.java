package vmm.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.linux.HostException;

/** A lab of the tests' own, booted once, and once more after it was killed. */
@Tag("lab")
@Timeout(600)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LabTest {
    private static final Duration UNRESPONSIVE = Duration.ofSeconds(30);

    @TempDir
    static Path folder;

    private static LabConfig config;
    private static Lab lab;

    private record Outcome(int status, String output) {}

    @BeforeAll
    static void boot() {
        assumeTrue(!System.getenv().containsKey("VMM_LAB"), "inside the lab there is no second one");
        assumeTrue(!"none".equals(System.getenv("VMM_GUESTS")), "VMM_GUESTS=none");
        assumeTrue(Lab.obstacle().isEmpty(), Lab.obstacle());
        config = LabConfig.ofEnvironment()
                .withDirectory(folder.resolve("run"))
                .withShare(folder.resolve("share"))
                .withMachine(2, 3072)
                .withPatience(Duration.ofMinutes(5), UNRESPONSIVE);
        lab = Lab.start(config, line -> System.err.println("lab: " + line));
    }

    @AfterAll
    static void powerOff() {
        if (lab != null) {
            lab.close();
            assertTrue(Lab.stop(config, Progress.silent()));
            assertFalse(Lab.status(config).running());
        }
    }

    private static Outcome run(RunOptions options, String... command) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int status = lab.run(List.of(command), options.withStreams(InputStream.nullInputStream(), out, out));
        return new Outcome(status, out.toString(StandardCharsets.UTF_8));
    }

    private static Outcome shell(String script) {
        return run(RunOptions.quiet(), "sh", "-c", script);
    }

    @Test
    @Order(1)
    void theTreeIsTheHostsAndTheKernelIsNot() throws IOException {
        Path note = folder.resolve("note");
        Files.writeString(note, "first");
        Outcome outcome = shell("pwd; test -c /dev/kvm && cat " + note + " /proc/sys/kernel/hostname; exit 3");
        assertEquals(new Outcome(3, Path.of("").toAbsolutePath() + "\nfirstvmm-lab\n"), outcome);
    }

    @Test
    @Order(2)
    void aFileThatChangesOnTheHostChangesInTheLab() throws IOException {
        Path note = folder.resolve("changing");
        Path other = folder.resolve("coming");
        Files.writeString(note, "old");
        assertEquals(
                "old1\n",
                shell("cat " + note + "; cat " + other + " 2>&1 | grep -c No").output());
        Files.writeString(note, "new and longer");
        Files.writeString(other, "here");
        assertEquals("new and longerhere", shell("cat " + note + " " + other).output());
        Files.delete(note);
        assertEquals("gone", shell("test -e " + note + " || printf gone").output());
    }

    @Test
    @Order(3)
    void onlyWritesToTheShareReachTheHost() throws IOException {
        Path lost = folder.resolve("lost");
        shell("echo x >" + lost + "; echo kept >$VMM_LAB_SHARE/kept");
        assertFalse(Files.exists(lost));
        assertEquals("kept\n", Files.readString(lab.share().resolve("kept")));
    }

    @Test
    @Order(4)
    void javaRunsInTheLab() {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Outcome outcome = run(RunOptions.quiet(), java, "-version");
        assertEquals(0, outcome.status());
        assertTrue(outcome.output().contains(Runtime.version().toString()), outcome.output());
    }

    @Test
    @Order(5)
    void modulesAreLoadedOnDemand() {
        Outcome outcome = run(
                RunOptions.quiet().withModules(List.of("sd_mod", "sg", "scsi_debug dev_size_mb=16")),
                "sh",
                "-c",
                "sleep 1; cat /sys/block/sda/size; test -c /dev/sg0 && cat /sys/block/sda/device/vendor");
        assertEquals(new Outcome(0, "32768\nLinux   \n"), outcome);
        HostException trouble = assertThrows(
                HostException.class, () -> run(RunOptions.quiet().withModules(List.of("no_such_module")), "true"));
        assertTrue(trouble.toString().contains("no_such_module"), trouble::toString);
    }

    @Test
    @Order(6)
    void aTerminalIsOneWithItsSize() {
        assertEquals(
                new Outcome(4, "33 77\r\n"),
                run(RunOptions.quiet().onTerminal(33, 77), "sh", "-c", "test -t 0 && stty size; exit 4"));
    }

    @Test
    @Order(7)
    void aSecondClientJoinsTheRunningLab() {
        long pid = Lab.status(config).pid();
        try (Lab second = Lab.start(config, Progress.silent())) {
            assertEquals(0, second.run(List.of("true"), RunOptions.quiet()));
            assertEquals(2, Lab.status(config).clients());
        }
        assertEquals(pid, Lab.status(config).pid());
        LabConfig other = config.withShare(folder.resolve("elsewhere"));
        HostException trouble = assertThrows(HostException.class, () -> Lab.start(other, Progress.silent()));
        assertTrue(trouble.toString().contains("stop the lab first"), trouble::toString);
    }

    @Test
    @Order(8)
    void aTimeLimitEndsACommandAndNotTheLab() {
        long pid = Lab.status(config).pid();
        RunOptions options = RunOptions.quiet().withTimeLimit(Duration.ofSeconds(1));
        assertEquals(Lab.TIMED_OUT, run(options, "sleep", "1000").status());
        assertEquals(
                Lab.TIMED_OUT,
                run(options, "sh", "-c", "trap '' TERM; while :; do sleep 1; done")
                        .status());
        assertEquals(pid, Lab.status(config).pid());
    }

    @Test
    @Order(9)
    void aLinuxGuestRunsUnderKvm() {
        GuestImages images = GuestImages.prepare(config.cache(), Progress.silent());
        Path initramfs = folder.resolve("guest.gz");
        images.initramfs(GuestImages.DISK_MODULES, List.of(), """
                dmesg | grep 'Hypervisor detected'
                echo "disk: $(cat /sys/block/vda/size)"
                """).write(initramfs);
        Outcome outcome =
                shell("truncate -s 1M /dev/shm/disk; timeout 200 qemu-system-x86_64 -accel kvm -cpu host -M pc -m 256"
                        + " -nodefaults -no-reboot -display none -serial stdio -kernel "
                        + images.kernel().image() + " -initrd "
                        + initramfs + " -append 'console=ttyS0 quiet panic=-1'"
                        + " -drive file=/dev/shm/disk,if=none,id=d,format=raw -device virtio-blk-pci,drive=d");
        assertEquals(0, outcome.status(), outcome.output());
        assertTrue(outcome.output().contains("Hypervisor detected: KVM"), outcome.output());
        assertTrue(outcome.output().contains("disk: 2048"), outcome.output());
    }

    @Test
    @Order(10)
    void aLabThatLocksUpCostsOneCommandAndIsReplaced() throws IOException {
        long pid = Lab.status(config).pid();
        new ProcessBuilder("kill", "-STOP", Long.toString(pid)).start();
        HostException trouble = assertThrows(HostException.class, () -> shell("sleep 100"));
        assertTrue(trouble.toString().contains("no sign of life"), trouble::toString);
        assertFalse(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
        assertEquals(new Outcome(0, "again\n"), shell("echo again"));
    }
}
