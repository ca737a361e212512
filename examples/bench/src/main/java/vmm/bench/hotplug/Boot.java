package vmm.bench.hotplug;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import vmm.linux.HostException;

/**
 * What is asked of one boot.
 *
 * @param vmm who boots
 * @param turns how many on each level
 * @param first the number of the first of them
 * @param files what boots
 */
record Boot(Vmm vmm, Map<Level, Integer> turns, int first, GuestFiles files) {
    private static final Path MEMORY = Path.of("/dev/shm");

    /**
     * What came of it.
     *
     * @param turns on each level, in their order
     * @param rounds of fio on the disks that stay
     * @param before what the VMM held after the first turn of each level, if it is ours
     * @param after the last
     */
    record Outcome(
            Map<Level, List<Turn>> turns, String rounds, Optional<Leftovers> before, Optional<Leftovers> after) {}

    /**
     * Boots and takes all turns.
     *
     * @throws HostException if anything is not as it should be
     */
    Outcome run() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(MEMORY, "vmm-hotplug-");
        try (RunningGuest guest = RunningGuest.boot(vmm, files, folder)) {
            int number = first;
            // The first disk of a kind has the guest and the VMM load code, which is not what is measured.
            for (Level level : turns.keySet()) {
                Turn.take(guest, level, number++, folder);
            }
            Optional<Leftovers> before = leftovers(guest);
            Map<Level, List<Turn>> taken = new EnumMap<>(Level.class);
            for (Map.Entry<Level, Integer> wanted : turns.entrySet()) {
                List<Turn> ofLevel = new ArrayList<>();
                for (int turn = 0; turn < wanted.getValue(); turn++) {
                    ofLevel.add(Turn.take(guest, wanted.getKey(), number++, folder));
                }
                taken.put(wanted.getKey(), ofLevel);
            }
            return new Outcome(taken, guest.askState(), before, leftovers(guest));
        } finally {
            clear(folder);
        }
    }

    private Optional<Leftovers> leftovers(RunningGuest guest) throws IOException, InterruptedException {
        return vmm == Vmm.OURS ? Optional.of(Leftovers.of(guest.pid())) : Optional.empty();
    }

    private static void clear(Path folder) throws IOException {
        Path @Nullable [] left;
        try (var entries = Files.list(folder)) {
            left = entries.toArray(Path[]::new);
        }
        for (Path file : left) {
            Files.delete(file);
        }
        Files.delete(folder);
    }
}
