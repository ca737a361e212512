/** The event loop: one thread, one io_uring, and everything a worker waits for. */
@NullMarked
package vmm.event;

import org.jspecify.annotations.NullMarked;
