/** The {@code vmm} command line. */
@NullMarked
package vmm.launcher;

import org.jspecify.annotations.NullMarked;
