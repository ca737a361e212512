/** What QMP's commands do to a running machine, and how to ask for it from another process. */
@NullMarked
package vmm.monitor;

import org.jspecify.annotations.NullMarked;
