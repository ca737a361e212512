package vmm.firmware.fwcfg;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import vmm.memory.GuestMemory;

/** Bytes that do not exist before the guest asks for them, and do not change afterwards. */
final class LateContent implements Content {
    private final int size;
    private final Supplier<byte[]> source;

    /** Guarded by this. */
    private @Nullable Content made;

    LateContent(int size, Supplier<byte[]> source) {
        this.size = size;
        this.source = source;
    }

    private synchronized Content made() {
        if (made == null) {
            byte[] bytes = source.get();
            if (bytes.length != size) {
                throw new IllegalStateException(bytes.length + " bytes were made where " + size + " were promised.");
            }
            made = Content.of(bytes);
        }
        return made;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void copyTo(GuestMemory memory, long address, long position, long length) {
        made().copyTo(memory, address, position, length);
    }

    @Override
    public int byteAt(long position) {
        return made().byteAt(position);
    }
}
