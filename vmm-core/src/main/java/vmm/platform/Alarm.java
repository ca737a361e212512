package vmm.platform;

/** Wakes a device when something is due. Any thread may call. */
public interface Alarm {
    /** Never wakes anybody. */
    Alarm NONE = new Alarm() {
        @Override
        public void set(long nanos, Runnable due) {}

        @Override
        public void cancel() {}
    };

    /**
     * Runs {@code due} once, on another thread, instead of what was set before and has not begun.
     *
     * @param nanos from now, at least 0
     */
    void set(long nanos, Runnable due);

    /** Forgets what was set and has not begun. */
    void cancel();
}
