package vmm.bench.hotplug;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import vmm.control.QmpClient;
import vmm.linux.HostException;

/**
 * One turn on a level: disks come, are read, and go.
 *
 * @param plugMillis from the command to a node under /dev of which the first sector has been read; of several disks, to
 *     the last of them, from the first command
 * @param unplugMillis from the command to DEVICE_DELETED; of several, to the last
 */
record Turn(double plugMillis, double unplugMillis) {
    private static final long IMAGE_BYTES = 1 << 20;

    /**
     * Takes a turn.
     *
     * @param number of this turn, unlike others
     * @param folder for the images
     * @throws HostException if a disk is not what it should be, or the guest does not see it come or go
     */
    static Turn take(RunningGuest guest, Level level, int number, Path folder)
            throws IOException, InterruptedException {
        QmpClient control = guest.control();
        List<Disk> disks = new ArrayList<>();
        for (Level.Place place : level.places()) {
            Disk disk = new Disk("turn%d-%d".formatted(number, disks.size()), place);
            Images.make(disk.image(folder), IMAGE_BYTES, disk.content());
            control.execute("blockdev-add", disk.node(folder));
            disks.add(disk);
        }
        long plug = System.nanoTime();
        for (Disk disk : disks) {
            control.execute("device_add", disk.device(level));
        }
        Map<String, String> names = new LinkedHashMap<>();
        long plugged = plug;
        for (int seen = 0; seen < disks.size(); seen++) {
            RunningGuest.Line line = guest.await(said -> said.startsWith("+"));
            plugged = line.nanos();
            String[] words = line.text().substring(1).split(" ", -1);
            names.put(words[1], words[0]);
            check(disks, line.text(), words);
        }
        long unplug = System.nanoTime();
        // One for all: whichever function is named, the slot goes.
        control.execute("device_del", Map.of("id", disks.getFirst().id()));
        long unplugged = unplug;
        List<String> left = new ArrayList<>(disks.stream().map(Disk::id).toList());
        while (!left.isEmpty()) {
            QmpClient.Event gone = guest.awaitDeleted(left);
            left.remove(gone.data().path("device").stringValue(""));
            unplugged = gone.nanos();
        }
        List<String> expected = new ArrayList<>(names.values());
        while (!expected.isEmpty()) {
            expected.remove(guest.await(said -> said.startsWith("-")).text().substring(1));
        }
        for (Disk disk : disks) {
            control.execute("blockdev-del", Map.of("node-name", disk.id()));
            Files.delete(disk.image(folder));
        }
        return new Turn((plugged - plug) / 1e6, (unplugged - unplug) / 1e6);
    }

    private static void check(List<Disk> disks, String line, String[] words) {
        boolean right = words.length == 3
                && disks.stream()
                        .anyMatch(disk ->
                                disk.serial().equals(words[1]) && disk.content().equals(words[2]));
        if (!right) {
            throw new HostException("A disk is not what was plugged: " + line + ".");
        }
    }

    /** A disk that comes and goes. */
    private record Disk(String id, Level.Place place) {
        String serial() {
            return "S-" + id;
        }

        /** What its image begins with. */
        String content() {
            return "content-of-" + id;
        }

        Path image(Path folder) {
            return folder.resolve(id);
        }

        Map<String, Object> node(Path folder) {
            return Map.of(
                    "driver",
                    "raw",
                    "node-name",
                    id,
                    "file",
                    Map.of("driver", "file", "filename", image(folder).toString()));
        }

        Map<String, Object> device(Level level) {
            Map<String, Object> device = level.device(place);
            device.put("id", id);
            device.put("drive", id);
            device.put("serial", serial());
            return Collections.unmodifiableMap(device);
        }
    }
}
