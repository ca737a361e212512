/** A machine: what it consists of, resolved to the last address, and the assembly that runs it. */
@NullMarked
package vmm.machine;

import org.jspecify.annotations.NullMarked;
