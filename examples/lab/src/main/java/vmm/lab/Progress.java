package vmm.lab;

/** Hears what takes time: one short line per step, without a line end, as "Downloading linux-image-amd64". */
@FunctionalInterface
public interface Progress {
    /** Called at the beginning of a step, from the thread that does it. */
    void step(String line);

    /** Tells nobody. */
    static Progress silent() {
        return line -> {};
    }
}
