package vmm.launcher;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import vmm.guests.BuiltinGuest;
import vmm.lab.PackageCache;

/** The demonstration with the guest that comes with the VMM: it runs on any KVM, however slow. */
final class BuiltinDemo {
    private final Console console;

    BuiltinDemo(Console console) {
        this.console = console;
    }

    int run() throws IOException, InterruptedException {
        Path folder = Files.createDirectories(PackageCache.defaultFolder().resolve("demo"));
        DemoDisk boot = DemoDisk.create(folder, "scsi", "DEMO-BOOT", 4);
        DemoDisk data = DemoDisk.create(folder, "virtio", "DEMO-DATA", 4);
        Path kernel = BuiltinGuest.DISKS.extract(folder);

        console.step("running the built-in guest on this machine's KVM");
        Process process = new ProcessBuilder(
                        Home.vmm().toString(),
                        "run",
                        "--memory",
                        "128M",
                        "--debug-exit",
                        "--no-reboot",
                        "--kernel",
                        kernel.toString(),
                        "--disk",
                        boot.option(),
                        "--disk",
                        data.option())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        process.getOutputStream().close();
        List<String> lines = new ArrayList<>();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                console.out().println("  guest | " + line);
                lines.add(line.toLowerCase(Locale.ROOT));
            }
        }
        int status = process.waitFor();

        boolean same = status == BuiltinGuest.SUCCESS_STATUS && bothRead(lines, boot) && bothRead(lines, data);
        console.out().println();
        console.out()
                .print(DemoRow.table(List.of(
                        new DemoRow("", "virtio-scsi", "virtio-blk"),
                        new DemoRow("serial number", boot.serial(), data.serial()),
                        new DemoRow("first block", boot.firstCrc(), data.firstCrc()),
                        new DemoRow("last block", boot.lastCrc(), data.lastCrc()))));
        console.out()
                .println(
                        same
                                ? "The guest read the first and the last block of both disks, and their CRC-32 is the same here."
                                : "The guest did not read what the disks hold (exit status " + status + ").");
        return same ? 0 : Main.FAILED;
    }

    private static boolean bothRead(List<String> lines, DemoDisk disk) {
        return says(lines, disk.firstCrc()) && says(lines, disk.lastCrc());
    }

    private static boolean says(List<String> lines, String word) {
        return lines.stream().anyMatch(line -> line.contains(word));
    }
}
