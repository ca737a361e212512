/** Every native call of the project: system calls, their constants and the owners of what they return. */
@NullMarked
package vmm.linux;

import org.jspecify.annotations.NullMarked;
