package vmm.block.qcow2;

import java.lang.foreign.MemorySegment;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import vmm.block.qcow2.Header.Compression;
import vmm.linux.Zstd;

/** Unpacks compressed clusters. One thread at a time. */
interface Decompressor {
    /**
     * Fills {@code cluster}.
     *
     * @param packed what the file has; more may follow what belongs to the cluster
     * @return false if that cannot be unpacked, or is too little
     */
    boolean unpack(MemorySegment packed, MemorySegment cluster);

    static Decompressor of(Compression compression) {
        return switch (compression) {
            case ZLIB -> new Zlib();
            case ZSTD -> Zstd::unpack;
        };
    }

    /** Deflate without a header (RFC 1951). */
    final class Zlib implements Decompressor {
        private final Inflater inflater = new Inflater(true);

        @Override
        public boolean unpack(MemorySegment packed, MemorySegment cluster) {
            inflater.reset();
            inflater.setInput(packed.asByteBuffer());
            var target = cluster.asByteBuffer();
            try {
                while (target.hasRemaining() && !inflater.finished()) {
                    if (inflater.inflate(target) == 0) {
                        break; // It wants more than there is, or a dictionary.
                    }
                }
            } catch (DataFormatException e) {
                return false;
            }
            return !target.hasRemaining();
        }
    }
}
