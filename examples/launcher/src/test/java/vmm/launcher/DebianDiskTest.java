package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import vmm.lab.DebianDisk;
import vmm.lab.DebianSession;
import vmm.lab.Dialogue;
import vmm.lab.GuestHost;
import vmm.lab.RunOptions;
import vmm.linux.HostException;

/**
 * A Debian system starts from its disk with nothing but that disk: firmware finds GRUB, GRUB the kernel, and the kernel
 * the root file system by its UUID.
 */
@Timeout(1800)
class DebianDiskTest {
    private static final Duration BOOT = Duration.ofMinutes(5);
    private static final Duration ANSWER = Duration.ofMinutes(1);

    /** As in {@link LinuxGuest}: in the lab a boot is lost now and then, under every VMM. */
    private static final int ATTEMPTS = 5;

    private static final Path HOME = Path.of("..", "..").toAbsolutePath().normalize();
    private static final Path OVERLAY = Path.of("/dev/shm/debian-disk-test.qcow2");
    private static final String NAME = "debian-disk-test";

    private static GuestHost host;

    @BeforeAll
    static void findHost() {
        host = VmmProcess.guestHost();
        assumeTrue(host.place() != GuestHost.Place.NONE, () -> "no Linux guest can run here: " + host.reason());
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "no qemu-img");
    }

    @AfterAll
    static void letGo() {
        host.run(List.of("rm", "-f", OVERLAY.toString()), RunOptions.quiet());
        host.close();
    }

    private static DebianDisk disk(DebianDisk.Table table) {
        try {
            return DebianDisk.prepare(HOME, table, step -> System.err.println("guest test: " + step));
        } catch (HostException cannot) {
            assumeTrue(false, cannot.getMessage());
            throw cannot;
        }
    }

    /**
     * What came of a machine that was rebooted, then stopped.
     *
     * @param facts of its first boot
     * @param boots the boots' identifiers
     * @param stopped the status of {@code vmm stop}
     * @param status the VMM's own
     */
    private record Life(Map<String, String> facts, Set<String> boots, int stopped, int status) {
        void check(Map<String, String> expected) {
            assertEquals(expected, facts);
            assertEquals(2, boots.size());
            assertEquals(0, stopped);
            assertEquals(0, status);
        }
    }

    @Test
    void aBiosStartsItFromAScsiDiskItRebootsAndThePowerButtonEndsIt() throws InterruptedException {
        Life life = live(disk(DebianDisk.Table.MBR), List.of("sda", "vda"), onScsiDisk("seabios"));

        life.check(factsOfScsiDisk("/dev/sda1"));
    }

    private static List<String> onScsiDisk(String firmware) {
        return List.of(
                "--firmware",
                firmware,
                "--controller",
                "scsi,slot=4",
                "--disk",
                "file=" + OVERLAY + ",format=qcow2,bus=scsi,target=3,lun=5,serial=ROOT-DISK",
                "--disk",
                "mem:16M,bus=virtio,slot=5,serial=DATA-DISK");
    }

    /**
     * The root file system is on LUN 5 of target 3 behind a controller in slot 4, the other disk is a virtio-blk one.
     */
    private static Map<String, String> factsOfScsiDisk(String root) {
        return Map.of(
                "root in fstab by UUID", "yes",
                "root", root,
                "sda by-id", "scsi-1VMM_VIRTUAL_DISK_ROOT-DISK",
                "sda by-path", "pci-0000:00:04.0-scsi-0:0:3:5",
                "vda by-id", "virtio-DATA-DISK",
                "vda by-path", "pci-0000:00:05.0 virtio-pci-0000:00:05.0",
                "failed units", "0");
    }

    @Test
    void aBiosStartsItFromABlockDeviceItRebootsAndThePowerButtonEndsIt() throws InterruptedException {
        Life life = live(disk(DebianDisk.Table.MBR), List.of("vda", "sda"), onBlockDevice("seabios"));

        life.check(factsOfBlockDevice("/dev/vda1"));
    }

    private static List<String> onBlockDevice(String firmware) {
        return List.of(
                "--firmware",
                firmware,
                "--disk",
                "file=" + OVERLAY + ",format=qcow2,bus=virtio,slot=5,serial=ROOT-DISK",
                "--disk",
                "mem:16M,bus=scsi,serial=DATA-DISK");
    }

    /** The root file system is on a virtio-blk disk in slot 5, the other disk is a SCSI one. */
    private static Map<String, String> factsOfBlockDevice(String root) {
        return Map.of(
                "root in fstab by UUID", "yes",
                "root", root,
                "vda by-id", "virtio-ROOT-DISK",
                "vda by-path", "pci-0000:00:05.0 virtio-pci-0000:00:05.0",
                "sda by-id", "scsi-1VMM_VIRTUAL_DISK_DATA-DISK",
                "sda by-path", "pci-0000:00:02.0-scsi-0:0:0:0",
                "failed units", "0");
    }

    @Test
    void uefiStartsItFromABlockDeviceItRebootsAndThePowerButtonEndsIt() throws InterruptedException {
        assumeUefi();
        Life life = live(disk(DebianDisk.Table.GPT), List.of("vda", "sda"), onBlockDevice("ovmf"));

        life.check(factsOfBlockDevice("/dev/vda2"));
    }

    @Test
    void uefiStartsItFromAScsiDiskItRebootsAndThePowerButtonEndsIt() throws InterruptedException {
        assumeUefi();
        Life life = live(disk(DebianDisk.Table.GPT), List.of("sda", "vda"), onScsiDisk("ovmf"));

        life.check(factsOfScsiDisk("/dev/sda2"));
    }

    /** QEMU's emulator ends itself in the lab if a nested guest writes CR8 while KVM waits for its interrupt window. */
    private static void assumeUefi() {
        assumeTrue(Files.exists(Path.of("/usr/share/OVMF/OVMF_CODE_4M.fd")), "no OVMF");
        assumeTrue(host.place() == GuestHost.Place.DIRECT, "OVMF's interrupt handler ends the lab now and then");
    }

    private static Life live(DebianDisk debian, List<String> disks, List<String> options) throws InterruptedException {
        List<String> script = new ArrayList<>(debian.overlayCommands(OVERLAY, host.place() == GuestHost.Place.LAB));
        script.add("exec \"$@\"");
        List<String> command = new ArrayList<>(List.of("sh", "-c", String.join("\n", script), "sh"));
        List<String> arguments = new ArrayList<>(List.of("run", NAME, "--memory", "512M"));
        arguments.addAll(options);
        command.addAll(VmmProcess.command(arguments));
        for (int attempt = 1; ; attempt++) {
            try {
                return attempt(command, disks);
            } catch (HostException lost) {
                if (host.place() != GuestHost.Place.LAB || attempt == ATTEMPTS) {
                    throw lost;
                }
                System.err.println("guest test: attempt " + attempt + ": " + lost.getMessage());
            }
        }
    }

    private static Life attempt(List<String> command, List<String> disks) throws InterruptedException {
        try (Dialogue console = new Dialogue()) {
            CompletableFuture<Integer> status = start(command, console);
            try {
                DebianSession first = login(console);
                Map<String, String> facts = facts(first, disks);
                String firstBoot = bootId(first);
                first.leave("reboot");
                String secondBoot = bootId(login(console));
                int stopped = vmm("stop", NAME, "--timeout", "120");
                return new Life(facts, new HashSet<>(List.of(firstBoot, secondBoot)), stopped, status.join());
            } catch (CompletionException ended) {
                throw new HostException("The boot was lost.", ended);
            } finally {
                if (!status.isDone()) {
                    vmm("stop", NAME, "--force");
                }
            }
        }
    }

    private static CompletableFuture<Integer> start(List<String> command, Dialogue console) {
        CompletableFuture<Integer> status = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                RunOptions options = RunOptions.quiet()
                        .withStreams(console.input(), console.output(), console.output())
                        .withTimeLimit(BOOT.multipliedBy(3));
                status.complete(host.run(command, options));
            } catch (HostException lost) {
                status.completeExceptionally(lost);
            } finally {
                console.end();
            }
        });
        return status;
    }

    /** Runs another {@code vmm} beside the machine's. */
    private static int vmm(String... arguments) {
        return host.run(
                VmmProcess.command(List.of(arguments)),
                RunOptions.quiet()
                        .withStreams(InputStream.nullInputStream(), System.err, System.err)
                        .withTimeLimit(BOOT));
    }

    private static DebianSession login(Dialogue console) throws InterruptedException {
        if (console.await(DebianSession.LOGIN, BOOT).isEmpty()) {
            throw new HostException("There was no login; the console's last words: "
                    + console.rest().strip());
        }
        return DebianSession.open(console, ANSWER);
    }

    private static String bootId(DebianSession session) throws InterruptedException {
        return session.run("cat /proc/sys/kernel/random/boot_id");
    }

    private static Map<String, String> facts(DebianSession session, List<String> disks) throws InterruptedException {
        Map<String, String> facts = new HashMap<>();
        facts.put(
                "root in fstab by UUID",
                session.run("[ $(findmnt --fstab -no SOURCE /) = UUID=$(findmnt -no UUID /) ] && echo yes"));
        facts.put("root", session.run("findmnt -no SOURCE /"));
        session.run("udevadm settle");
        for (String disk : disks) {
            for (String names : List.of("by-id", "by-path")) {
                String find = "find /dev/disk/" + names + " -lname '*/" + disk + "' -printf '%f\\n' | sort | xargs";
                facts.put(disk + " " + names, session.run(find));
            }
        }
        facts.put("failed units", session.run("systemctl --failed --no-legend --plain | wc -l"));
        return facts;
    }
}
