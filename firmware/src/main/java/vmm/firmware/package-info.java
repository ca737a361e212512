/**
 * What a guest finds when it starts without firmware of its own: a kernel in memory, and tables that describe the
 * machine.
 */
@NullMarked
package vmm.firmware;

import org.jspecify.annotations.NullMarked;
