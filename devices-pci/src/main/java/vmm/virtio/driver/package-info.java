/** A guest's side of virtio over plain memory, which drives any device in-process for tests, fuzzing and benchmarks. */
@NullMarked
package vmm.virtio.driver;

import org.jspecify.annotations.NullMarked;
