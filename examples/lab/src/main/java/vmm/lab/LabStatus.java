package vmm.lab;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What can be told of a lab without asking it.
 *
 * @param running whether its emulator runs
 * @param pid the emulator's process id, 0 if none
 * @param up how long it has been running
 * @param clients connections in use
 * @param directory where it is found
 * @param share the folder whose writes reach the host
 */
public record LabStatus(boolean running, long pid, Duration up, int clients, Path directory, Path share) {}
