/** libvirt's XML of domains and their disks: to and from what this VMM calls a machine. */
@NullMarked
package vmm.domain;

import org.jspecify.annotations.NullMarked;
