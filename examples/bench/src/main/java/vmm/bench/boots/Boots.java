package vmm.bench.boots;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import vmm.bench.Bus;
import vmm.bench.LinuxBench;
import vmm.lab.DebianDisk;
import vmm.lab.GuestHost;
import vmm.linux.HostException;

/** {@code examples/bench/boots}: how long a Debian system takes to a login, here and on QEMU. */
@Command(
        name = "boots",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Starts a Debian system from a disk by SeaBIOS, by OVMF and without firmware, from virtio-blk and virtio-scsi,"
                    + " by each interface of virtio, on this VMM and on QEMU in turns. Takes the time from the start of"
                    + " the VMM to the first word of the loader (GRUB), and until somebody may log in.",
            "Runs on this machine if its KVM is fast, and in the nested lab if not. A boot in which the lab dies is"
                    + " repeated, and the table tells of it.",
            "Exit status: 0 each boot came to a login, 1 one did not."
        },
        footer = {
            "",
            "Examples:",
            "  examples/bench/boots",
            "  examples/bench/boots --runs 3 --rows 'seabios modern'",
            "  examples/bench/boots --rows 'blk' --ours-only --json"
        })
public final class Boots implements Callable<Integer> {
    private static final int ATTEMPTS_IN_LAB = 4;

    @Option(names = "--runs", paramLabel = "N", description = "How often each VMM starts each row (1 if left out).")
    private int runs = 1;

    @Option(
            names = "--rows",
            paramLabel = "REGEX",
            description = "Only the rows of which a part matches: FIRMWARE VIRTIO BUS, as \"seabios modern scsi\";"
                    + " without firmware \"kernel\".")
    private Pattern rows = Pattern.compile("");

    @Option(names = "--ours-only", description = "Without QEMU.")
    private boolean oursOnly;

    @Option(names = "--limit", paramLabel = "S", description = "How long a boot may take (300 if left out).")
    private long limit = 300;

    @Option(names = "--json", description = "Prints the figures as JSON.")
    private boolean json;

    /** Runs the command line. */
    public static void main(String[] args) {
        System.exit(LinuxBench.execute(new CommandLine(new Boots()), args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<BootRow> chosen = chosen();
        Map<DebianDisk.Table, DebianDisk> disks = new EnumMap<>(DebianDisk.Table.class);
        for (BootRow row : chosen) {
            disks.computeIfAbsent(
                    row.firmware().table(), kind -> DebianDisk.prepare(LinuxBench.home(), kind, Boots::step));
        }
        BootTable table = new BootTable();
        try (GuestHost host = LinuxBench.host(Boots::step)) {
            int attempts = host.place() == GuestHost.Place.LAB ? ATTEMPTS_IN_LAB : 1;
            BootRun run = new BootRun(host, Duration.ofSeconds(limit), attempts, Boots::step);
            for (int i = 1; i <= runs; i++) {
                for (BootRow row : chosen) {
                    DebianDisk disk =
                            Objects.requireNonNull(disks.get(row.firmware().table()));
                    for (Starter starter : oursOnly ? List.of(Starter.OURS) : List.of(Starter.values())) {
                        step("run " + i + " of " + runs + ": " + row.title() + ", " + starter.title());
                        table.add(row, starter, told(run.boot(starter, row, disk)));
                    }
                }
            }
            print(table, host.place());
        }
        return table.isComplete() ? 0 : 1;
    }

    /** Should this be ended before the table is there, these are left. */
    private static BootRun.Boot told(BootRun.Boot boot) {
        boot.login().ifPresent(login -> step(String.format(Locale.ROOT, "login after %.1f s", login)));
        return boot;
    }

    private List<BootRow> chosen() {
        List<BootRow> all = new ArrayList<>();
        for (BootRow.Firmware firmware : BootRow.Firmware.values()) {
            for (BootRow.Virtio virtio : BootRow.Virtio.values()) {
                for (Bus bus : Bus.values()) {
                    all.add(new BootRow(firmware, virtio, bus));
                }
            }
        }
        List<BootRow> chosen =
                all.stream().filter(row -> rows.matcher(row.title()).find()).toList();
        if (chosen.isEmpty()) {
            throw new HostException("No row matches --rows " + rows + "; the rows are "
                    + String.join(", ", all.stream().map(BootRow::title).toList()) + ".");
        }
        return chosen;
    }

    private void print(BootTable table, GuestHost.Place place) {
        String where = place == GuestHost.Place.LAB ? "the lab, whose processors are emulated" : "this machine";
        if (json) {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("place", where);
            tree.put("rows", table.tree());
            System.out.println(JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .build()
                    .writeValueAsString(tree));
        } else {
            System.out.println("On " + where + ":");
            System.out.print(table.text());
        }
    }

    private static void step(String what) {
        System.err.println("boots: " + what);
    }
}
