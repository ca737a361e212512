/** The guest's physical memory, read and written with checks on every access. */
@NullMarked
package vmm.memory;

import org.jspecify.annotations.NullMarked;
