package vmm.control;

/** A machine as somebody outside sees it. Any thread may call, at any time. */
public interface Controlled {
    /** What the user calls it. */
    String name();

    /** What it does at this moment, in QMP's words. */
    String state();

    /** Presses its power button, which asks the guest to shut down in order. Nothing happens if it has ended. */
    void pressPowerButton();

    /** Ends it as pulling its plug would, with its disks flushed. */
    void stop();
}
