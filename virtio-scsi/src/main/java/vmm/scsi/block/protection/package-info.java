/** Protection information beside the data of a disk (SBC-4 4.21): where it is kept, and how it is made and checked. */
@org.jspecify.annotations.NullMarked
package vmm.scsi.block.protection;
