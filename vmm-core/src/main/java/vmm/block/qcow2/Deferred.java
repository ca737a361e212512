package vmm.block.qcow2;

/** What a queue starts as soon as it has left the image's lock. */
interface Deferred {
    /** Begins, on the thread of the queue that was asked to start it, without the lock. */
    void start(Qcow2Queue queue);
}
