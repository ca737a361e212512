package vmm.event;

/** Runs somebody else's code inside a loop and decides what an exception from it means. */
@FunctionalInterface
interface Guard {
    void run(Runnable code);
}
