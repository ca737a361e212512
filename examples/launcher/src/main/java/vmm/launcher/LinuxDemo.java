package vmm.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vmm.lab.GuestHost;
import vmm.lab.GuestImages;
import vmm.lab.LabConfig;
import vmm.lab.PackageCache;
import vmm.lab.RunOptions;
import vmm.linux.HostException;

/** The demonstration with an unmodified Linux kernel of the distribution's. */
final class LinuxDemo {
    private static final String SCRIPT = "demo-init.sh";
    private static final Duration LIMIT = Duration.ofMinutes(10);

    private final Console console;

    LinuxDemo(Console console) {
        this.console = console;
    }

    int run() throws IOException {
        Path vmm = Home.vmm();
        try (GuestHost host = GuestHost.choose(LabConfig.ofEnvironment(), console::step)) {
            if (host.place() == GuestHost.Place.NONE) {
                throw new HostException(
                        "Linux cannot run here: " + host.reason() + "; vmm demo --guest builtin may still run.");
            }
            Path folder = Files.createDirectories(PackageCache.defaultFolder().resolve("demo"));
            GuestImages images = GuestImages.prepare(PackageCache.defaultFolder(), console::step);
            console.step("making two disks and an initial RAM disk in " + folder);
            DemoDisk boot = DemoDisk.create(folder, "scsi", "DEMO-BOOT", 16);
            DemoDisk data = DemoDisk.create(folder, "virtio", "DEMO-DATA", 16);
            Path initrd = folder.resolve("initrd.gz");
            images.initramfs(GuestImages.DISK_MODULES, List.of(), script()).write(initrd);

            console.step(
                    host.place() == GuestHost.Place.LAB
                            ? "booting Linux in the nested lab, since " + host.reason() + " (a minute or two)"
                            : "booting Linux on this machine's KVM");
            GuestWords words = new GuestWords(console.out());
            int status = host.run(
                    List.of(
                            vmm.toString(),
                            "run",
                            "demo",
                            "--memory",
                            "512M",
                            "--cpus",
                            "2",
                            "--no-reboot",
                            "--kernel",
                            images.kernel().image().toString(),
                            "--initrd",
                            initrd.toString(),
                            "--append",
                            "console=ttyS0 quiet panic=-1",
                            "--disk",
                            boot.option(),
                            "--disk",
                            data.option()),
                    RunOptions.quiet()
                            .withStreams(InputStream.nullInputStream(), words, console.err())
                            .withTimeLimit(LIMIT)
                            .forwardingSignals());
            return summary(words.facts(), boot, data, status);
        }
    }

    private static String script() throws IOException {
        try (InputStream script = LinuxDemo.class.getResourceAsStream(SCRIPT)) {
            if (script == null) {
                throw new IllegalStateException(SCRIPT + " is missing from this build.");
            }
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private int summary(Map<String, String> facts, DemoDisk boot, DemoDisk data, int status) {
        Map<String, String> known = new HashMap<>(facts);
        boolean same = status == 0
                && boot.sha256().equals(known.get("sda sha256"))
                && data.sha256().equals(known.get("vda sha256"))
                && boot.serial().equals(known.get("sda serial"))
                && data.serial().equals(known.get("vda serial"));
        console.out().println();
        console.out()
                .print(DemoRow.table(List.of(
                        new DemoRow("", "virtio-scsi", "virtio-blk"),
                        new DemoRow("in the guest", "/dev/sda", "/dev/vda"),
                        row(known, "PCI function", "pci"),
                        row(known, "driver", "driver"),
                        row(known, "address", "address"),
                        row(known, "model", "model"),
                        row(known, "serial number", "serial"),
                        row(known, "sectors of 512", "sectors"),
                        row(known, "queues", "queues"),
                        new DemoRow("sha256 there", brief(known, "sda sha256"), brief(known, "vda sha256")),
                        new DemoRow(
                                "sha256 here",
                                boot.sha256().substring(0, 16),
                                data.sha256().substring(0, 16)))));
        console.out()
                .println(
                        same
                                ? "The guest read every byte of both disks, and both are what they are here."
                                : "The guest did not see the disks as they are here (exit status " + status + ").");
        return same ? 0 : Main.FAILED;
    }

    private static DemoRow row(Map<String, String> facts, String what, String key) {
        return new DemoRow(what, facts.getOrDefault("sda " + key, "?"), facts.getOrDefault("vda " + key, "?"));
    }

    private static String brief(Map<String, String> facts, String key) {
        String sum = facts.getOrDefault(key, "?");
        return sum.substring(0, Math.min(sum.length(), 16));
    }
}
