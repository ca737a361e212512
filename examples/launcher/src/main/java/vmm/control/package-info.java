/** How other processes reach a running machine: its sockets, and the QEMU Machine Protocol (QMP) on one of them. */
@NullMarked
package vmm.control;

import org.jspecify.annotations.NullMarked;
