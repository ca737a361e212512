package vmm.block;

/** What a thread has allocated so far. By reflection, since the module under test has no use for java.management. */
public final class Allocations {
    private Allocations() {}

    public static long ofCurrentThread() {
        try {
            Object threads = Class.forName("java.lang.management.ManagementFactory")
                    .getMethod("getThreadMXBean")
                    .invoke(null);
            return (long) Class.forName("com.sun.management.ThreadMXBean")
                    .getMethod("getThreadAllocatedBytes", long.class)
                    .invoke(threads, Thread.currentThread().threadId());
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("This JVM does not count allocations.", e);
        }
    }
}
