package vmm.bench.hotplug;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import vmm.bench.LinuxBench;
import vmm.lab.GuestHost;
import vmm.lab.LabConfig;
import vmm.lab.RunOptions;
import vmm.linux.HostException;

/** {@code examples/bench/hotplug}: the two levels on which a disk can be plugged, side by side. */
@Command(
        name = "hotplug",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Plugs and unplugs disks while Linux runs: as LUNs of a controller, as PCI functions, and as slots of eight"
                    + " functions. Takes the time from the command to a node under /dev that has been read, and from the"
                    + " command to the word that the disk is gone; checks that each disk has the right serial number and"
                    + " content, and that it is gone afterwards. Then fills a machine each way until it takes no more.",
            "Runs on this machine if its KVM is fast, and in the nested lab if not: there in boots of a hundred turns."
        },
        footer = {
            "",
            "Examples:",
            "  examples/bench/hotplug",
            "  examples/bench/hotplug --vmms ours --fio --turns 1000 --pci-turns 100 --no-limits"
        })
public final class Hotplug implements Callable<Integer> {
    private static final int MOST_IN_LAB = 100;
    private static final int ATTEMPTS = 6;
    private static final Duration LIMIT = Duration.ofMinutes(15);
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    private static final JsonMapper LINE = new JsonMapper();

    @Option(names = "--turns", paramLabel = "N", description = "How often a LUN comes and goes (100 if left out).")
    private int turns = 100;

    @Option(
            names = "--pci-turns",
            paramLabel = "N",
            description = "How often a function does, and a slot of eight (30 if left out).")
    private int pciTurns = 30;

    @Option(names = "--fio", description = "Has fio write and check two other disks meanwhile.")
    private boolean fio;

    @Option(names = "--vmms", split = ",", paramLabel = "VMM", description = "ours, QEMU (both if left out).")
    private Vmm[] vmms = Vmm.values();

    @Option(names = "--no-limits", description = "Does not fill machines.")
    private boolean noLimits;

    @Option(
            names = "--fill-seconds",
            paramLabel = "S",
            description = "How long a target may be filled with LUNs (300 if left out).")
    private int fillSeconds = 300;

    @Option(names = "--json", description = "Prints the figures as JSON.")
    private boolean json;

    @Option(names = "--one-boot", paramLabel = "JSON", hidden = true, description = "For this program in the lab.")
    private @Nullable String oneBoot;

    /** Runs the command line. */
    public static void main(String[] args) {
        CommandLine line = new CommandLine(new Hotplug());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        System.exit(LinuxBench.execute(line, args));
    }

    static void step(String what) {
        System.err.println("hotplug: " + what);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (oneBoot != null) {
            System.out.println(
                    LINE.writeValueAsString(LINE.readValue(oneBoot, Boot.class).run()));
            return 0;
        }
        HotplugTable table = new HotplugTable();
        measure(table);
        if (!noLimits) {
            for (Vmm vmm : contenders()) {
                table.add(vmm, Limits.of(vmm, fillSeconds));
            }
        }
        System.out.print(json ? JSON.writeValueAsString(table.tree()) + "\n" : table.text());
        return 0;
    }

    private List<Vmm> contenders() {
        return Arrays.stream(vmms).distinct().toList();
    }

    private void measure(HotplugTable table) throws IOException, InterruptedException {
        try (GuestHost host = LinuxBench.host(Hotplug::step)) {
            Path share = Files.createDirectories(LabConfig.ofEnvironment().share());
            Path folder = Files.createTempDirectory(share, "hotplug-");
            try {
                GuestFiles files = GuestFiles.prepare(folder, fio, Hotplug::step);
                boolean emulated = host.place() == GuestHost.Place.LAB;
                int first = 0;
                for (Map<Level, Integer> part : parts(emulated ? MOST_IN_LAB : Integer.MAX_VALUE)) {
                    for (Vmm vmm : contenders()) {
                        Boot boot = new Boot(vmm, part, first, files);
                        Boot.Outcome outcome = emulated ? runInLab(host, boot) : boot.run();
                        table.add(vmm, outcome);
                        step(vmm.title() + ": " + HotplugTable.words(outcome));
                    }
                    first += part.values().stream().mapToInt(Integer::intValue).sum() + part.size();
                }
            } finally {
                Files.deleteIfExists(folder.resolve("initrd.gz"));
                Files.delete(folder);
            }
        }
    }

    /** All turns, in as many boots as it takes. */
    private List<Map<Level, Integer>> parts(int most) {
        Map<Level, Integer> left =
                new EnumMap<>(Map.of(Level.LUN, turns, Level.FUNCTION, pciTurns, Level.SLOT, pciTurns));
        List<Map<Level, Integer>> parts = new ArrayList<>();
        while (left.values().stream().anyMatch(count -> count > 0)) {
            Map<Level, Integer> part = new EnumMap<>(Level.class);
            int room = most;
            for (Map.Entry<Level, Integer> level : left.entrySet()) {
                int count = Math.min(room / level.getKey().disks(), level.getValue());
                if (count > 0) {
                    part.put(level.getKey(), count);
                    level.setValue(level.getValue() - count);
                    room -= count * level.getKey().disks();
                }
            }
            parts.add(part);
        }
        return parts;
    }

    private static Boot.Outcome runInLab(GuestHost host, Boot boot) {
        List<String> command = new ArrayList<>(LinuxBench.again(Hotplug.class));
        command.addAll(List.of("--one-boot", LINE.writeValueAsString(boot)));
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            try {
                int status = host.run(
                        command,
                        RunOptions.quiet()
                                .withStreams(InputStream.nullInputStream(), answer, System.err)
                                .withTimeLimit(LIMIT)
                                .forwardingSignals());
                if (status == 0) {
                    return LINE.readValue(answer.toString(StandardCharsets.UTF_8), Boot.Outcome.class);
                }
            } catch (HostException lost) {
                step(String.valueOf(lost.getMessage()));
            }
            step("a boot of " + boot.vmm().title() + " came to nothing in the lab, whose processors are emulated");
        }
        throw new HostException("The lab lost " + boot.vmm().title() + " " + ATTEMPTS + " times; try again.");
    }
}
