package vmm.scsi;

import java.nio.charset.StandardCharsets;

/** Makes numbers of names: the same of the same name, today and in any later version. */
public final class NameHash {
    private static final long OFFSET_BASIS = 0xcbf29ce484222325L;
    private static final long PRIME = 0x100000001b3L;

    private NameHash() {}

    /** The 64-bit FNV-1a hash of a name in UTF-8. */
    public static long of(String name) {
        long hash = OFFSET_BASIS;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * PRIME;
        }
        return hash;
    }
}
