package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.guests.BuiltinGuest;
import vmm.kvm.Kvm;

/** What the host refuses ends before the guest runs: one sentence with culprit and remedy, status 1, nothing left. */
@Timeout(180)
class RefusedRunTest {
    private static final int DISK_SIZE = 64 << 10;

    @TempDir
    Path folder;

    @BeforeAll
    static void needKvm() {
        VmmRun.needKvm();
    }

    private Path image() throws IOException {
        return Files.write(folder.resolve("image"), new byte[DISK_SIZE]);
    }

    private List<String> echo(String... more) {
        return VmmRun.command(folder, VmmRun.guest(folder, BuiltinGuest.ECHO, more));
    }

    /** Runs with a socket and a file that the run could leave behind. */
    private void refused(List<String> command, String... words) throws Exception {
        Set<String> before = VmmRun.files(folder);
        try (VmmRun run = VmmRun.start(folder, command)) {
            String err = run.err();
            assertEquals(1, run.status(), () -> err);
            assertEquals("", run.out());
            assertTrue(err.startsWith("vmm: "), () -> err);
            assertEquals(1, err.lines().count(), () -> err);
            for (String word : words) {
                assertTrue(err.contains(word), () -> "no '" + word + "' in: " + err);
            }
        }
        assertEquals(before, VmmRun.files(folder));
    }

    private void refusedKernel(Path kernel, String... words) throws Exception {
        List<String> run = List.of(
                "run", "--memory", "64M", "--serial", "unix:" + folder.resolve("console"), "--kernel", "" + kernel);
        refused(VmmRun.command(folder, run), words);
    }

    @Test
    void anImageThatAnotherMachineWritesIsRefusedAndReadersShare() throws Exception {
        Path image = image();
        try (VmmRun writer = VmmRun.start(folder, BuiltinGuest.ECHO, "--disk", "file=" + image)) {
            writer.awaitOutput(">");
            String holder = "in use by process " + writer.pid();
            refused(echo("--disk", "file=" + image), image.toString(), holder, "stop it first");
            refused(echo("--disk", "bus=virtio,readonly,file=" + image), image.toString(), holder);
        }
        try (VmmRun reader = VmmRun.start(folder, BuiltinGuest.ECHO, "--disk", "readonly,file=" + image)) {
            reader.awaitOutput(">");
            try (VmmRun other = VmmRun.start(folder, BuiltinGuest.DISKS, "--disk", "readonly,file=" + image)) {
                assertEquals(BuiltinGuest.SUCCESS_STATUS, other.status());
            }
            refused(echo("--disk", "file=" + image), image.toString(), "in use by process " + reader.pid());
        }
    }

    @Test
    void aKernelThatIsMissingIsRefused() throws Exception {
        refusedKernel(folder.resolve("none"), "The kernel", "none does not exist", "correct the path");
    }

    @Test
    void aKernelThatIsEmptyIsRefused() throws Exception {
        refusedKernel(Files.createFile(folder.resolve("empty")), "The kernel", "empty is empty", "get it again");
    }

    @Test
    void aTextIsNoKernel() throws Exception {
        Path text = Files.writeString(folder.resolve("text"), "Dear kernel,\n".repeat(1000));
        refusedKernel(text, "not a bzImage or PVH ELF", "give a vmlinuz");
    }

    @Test
    void aDirectoryIsNoKernel() throws Exception {
        refusedKernel(folder, "is not a file");
    }

    @Test
    void anInitrdThatDoesNotFitIsRefusedWithTheMemoryItNeeds() throws Exception {
        Path initrd = folder.resolve("initrd");
        try (RandomAccessFile file = new RandomAccessFile(initrd.toFile(), "rw")) {
            file.setLength(80L << 20);
        }
        refused(echo("--initrd", initrd.toString()), initrd.toString(), "does not fit", "give the guest at least");
    }

    @Test
    void anInitrdThatIsMissingIsRefusedAndTheSerialPortsFileStays() throws Exception {
        Path log = Files.writeString(folder.resolve("log"), "of the last run");
        refused(echo("--initrd", "none", "--serial", "file:" + log), "The initrd none does not exist");
        assertEquals("of the last run", Files.readString(log));
        refused(echo("--initrd", "none", "--serial", "file:new"), "The initrd none does not exist");
    }

    @Test
    void aSerialPortWhereNoFileCanBeIsRefused() throws Exception {
        refused(echo("--serial", "file:missing/log"), "missing/log", "no such directory");
        refused(echo("--serial", "unix:missing/socket"), "missing/socket", "a directory that exists");
    }

    @Test
    void anImageThatIsMissingOrEmptyIsRefused() throws Exception {
        refused(echo("--disk", "file=none"), "Disk none does not exist", "truncate");
        refused(echo("--disk", "type=cdrom,file=none"), "Disk none does not exist: correct the path.");
        Files.createFile(folder.resolve("empty"));
        refused(echo("--disk", "bus=virtio,file=empty"), "Disk empty is empty", "truncate");
    }

    @Test
    void moreProcessorsThanKvmHasAreRefused() throws Exception {
        int most;
        try (Kvm kvm = Kvm.open()) {
            most = kvm.mostVcpus();
        }
        assumeTrue(most < 255, "this KVM has as many vCPUs as a machine may ask for");
        refused(echo("--cpus", Integer.toString(most + 1)), "at most " + most, "--cpus");
    }

    @Test
    void aHostWithoutKvmIsToldHowToGetIt() throws Exception {
        assumePrivateMounts();
        refused(in("mount -t tmpfs none /dev", echo()), "/dev/kvm does not exist", "modprobe");
        refused(in("mount --bind /dev/null /dev/kvm", echo()), "/dev/kvm", "modprobe");
    }

    private static void assumePrivateMounts() throws Exception {
        Process process = new ProcessBuilder("unshare", "-m", "true").start();
        assumeTrue(
                process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0, "no mount namespace for this user");
    }

    private static List<String> in(String mount, List<String> command) {
        List<String> line = new ArrayList<>(List.of("unshare", "-m", "sh", "-c", mount + "; exec \"$@\"", "sh"));
        line.addAll(command);
        return line;
    }

    @Test
    void filesThatMayNotBeReadAreRefused() throws Exception {
        assumeNoPrivilege();
        String secret = image().toString();
        Files.setPosixFilePermissions(Path.of(secret), Set.of());
        refused(withoutPrivilege(echo("--disk", "readonly,file=" + secret)), secret, "cannot be read", "right to read");
        refused(withoutPrivilege(echo("--disk", "file=" + secret)), secret, "for writing", "right to write");
        refused(withoutPrivilege(echo("--initrd", secret)), "The initrd " + secret, "may not be read");
    }

    @Test
    void whoMayNotUseKvmIsToldWhomToJoin() throws Exception {
        assumePrivateMounts();
        assumeNoPrivilege();
        Path closed = Files.createFile(folder.resolve("kvm"));
        Files.setPosixFilePermissions(closed, Set.of());
        refused(
                in("mount --bind " + closed + " /dev/kvm", withoutPrivilege(echo())),
                "No permission to open /dev/kvm",
                "usermod -aG kvm");
    }

    private static void assumeNoPrivilege() throws Exception {
        Process process = new ProcessBuilder(withoutPrivilege(List.of("true"))).start();
        assumeTrue(
                process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0,
                "setpriv of util-linux, which takes root's privileges away, does not work here");
    }

    /** Root may read every file as long as it has its two privileges over them. */
    private static List<String> withoutPrivilege(List<String> command) {
        List<String> line = new ArrayList<>(List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search"));
        line.addAll(command);
        return line;
    }

    @Test
    void firmwareThatIsNoneIsRefused() throws Exception {
        Path cut = Files.write(folder.resolve("cut.bin"), new byte[100_000]);
        String disk = "file=" + image();
        List<String> run = List.of("run", "--memory", "64M", "--disk", disk, "--firmware");
        refused(with(run, cut.toString()), "The firmware " + cut, "100000 bytes", "a multiple of 64 KiB");
        refused(with(run, folder.resolve("none.bin").toString()), "The firmware", "none.bin does not exist");
        refused(with(run, folder.toString()), "The firmware", "is not a file");
        Path empty = Files.createFile(folder.resolve("empty.bin"));
        refused(with(run, empty.toString()), "The firmware " + empty + " is empty");
        Path blank = Files.write(folder.resolve("blank.bin"), new byte[256 << 10]);
        refused(with(run, blank.toString()), "The firmware " + blank, "where a processor begins");
    }

    private List<String> with(List<String> arguments, String last) {
        List<String> all = new ArrayList<>(arguments);
        all.add(last);
        return VmmRun.command(folder, all);
    }
}
