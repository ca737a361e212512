package vmm.monitor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The threads of this process as the host's kernel knows them. */
final class HostThreads {
    private static final Path TASKS = Path.of("/proc/self/task");

    private HostThreads() {}

    /** Their numbers, by the first 15 characters of their names. */
    static Map<String, Long> byName() {
        Map<String, Long> threads = new HashMap<>();
        try (Stream<Path> tasks = Files.list(TASKS)) {
            for (Path task : tasks.toList()) {
                name(task)
                        .ifPresent(name -> threads.put(
                                name, Long.parseLong(task.getFileName().toString())));
            }
        } catch (IOException unknown) {
            return Map.of();
        }
        return threads;
    }

    private static Optional<String> name(Path task) {
        try {
            return Optional.of(Files.readString(task.resolve("comm")).strip());
        } catch (IOException ended) {
            return Optional.empty();
        }
    }
}
