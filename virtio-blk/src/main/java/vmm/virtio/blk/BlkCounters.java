package vmm.virtio.blk;

/**
 * What one request queue has done since the device was made.
 *
 * @param reads requests of type IN that the disk was asked for
 * @param writes requests of type OUT that the disk was asked for
 * @param flushes requests of type FLUSH
 * @param discards requests of type DISCARD, of any number of ranges
 * @param zeroings requests of type WRITE_ZEROES and SECURE_ERASE, of any number of ranges
 * @param readBytes bytes read without an error
 * @param writtenBytes bytes written without an error
 * @param errors requests answered with VIRTIO_BLK_S_IOERR or VIRTIO_BLK_S_UNSUPP
 */
public record BlkCounters(
        long reads,
        long writes,
        long flushes,
        long discards,
        long zeroings,
        long readBytes,
        long writtenBytes,
        long errors) {}
