/** What a PC finds in memory when it starts, and how a kernel is put there. */
@NullMarked
package vmm.firmware;

import org.jspecify.annotations.NullMarked;
