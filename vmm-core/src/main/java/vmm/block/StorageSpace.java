package vmm.block;

/**
 * How much of the host's storage a disk takes up, and how much more there is. Estimates: others use the same storage.
 *
 * @param used the storage that the disk's data has, in bytes
 * @param available what is left for more data of this disk and of whatever else is kept in the same place, in bytes
 */
public record StorageSpace(long used, long available) {}
