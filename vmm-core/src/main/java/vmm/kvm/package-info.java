/** KVM as objects: the system, a virtual machine, its virtual processors and the page they share with the kernel. */
@NullMarked
package vmm.kvm;

import org.jspecify.annotations.NullMarked;
