/** Disks on NBD servers, by the protocol of nbd's doc/proto.md. */
@NullMarked
package vmm.block.nbd;

import org.jspecify.annotations.NullMarked;
