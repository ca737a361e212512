package vmm.block.qcow2;

import org.jspecify.annotations.Nullable;

/** An operation of one queue that can wait for something that happens to the image. In one list at a time. */
abstract class Waiter implements Runnable {
    /** An outcome that is no error number: the operation is in a list now, and will be resumed. */
    static final int WAITING = -1;

    final Qcow2Queue queue;

    @Nullable
    Waiter next;

    private int outcome;

    Waiter(Qcow2Queue queue) {
        this.queue = queue;
    }

    /**
     * Goes on. Runs on the queue's thread, without the image's lock.
     *
     * @param errno 0 to look again whether all is there, or the error number that explains why it never will be
     */
    abstract void resume(int errno);

    /** Says what the operation will be told when its queue resumes it. */
    final void settle(int errno) {
        outcome = errno;
    }

    final void resume() {
        resume(outcome);
    }

    /** A message from another thread, which woke this operation. */
    @Override
    public final void run() {
        queue.resume(this);
    }
}
