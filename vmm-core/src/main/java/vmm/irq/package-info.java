/** Interrupts as devices see them: a line with a level, or a message. */
@NullMarked
package vmm.irq;

import org.jspecify.annotations.NullMarked;
