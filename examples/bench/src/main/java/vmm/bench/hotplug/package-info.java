/** How long disks take to come and go while a machine runs, and how many fit, beside QEMU. */
@NullMarked
package vmm.bench.hotplug;

import org.jspecify.annotations.NullMarked;
