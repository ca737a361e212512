package vmm.guests;

/**
 * A kernel that comes with the VMM, for firmware that starts bzImages by Linux's 16-bit boot protocol. It prints
 * {@code Kernel started with: COMMAND LINE; protected-mode part: all of it; initrd: TEXT} on the first serial port,
 * with the text that its initial RAM disk begins with, and leaves through the debug exit port with
 * {@link BuiltinGuest#SUCCESS}.
 */
public final class BootKernel {
    /** The file's name. */
    public static final String FILE_NAME = "boot-kernel.bin";

    private BootKernel() {}

    /** The file's contents. */
    public static byte[] bytes() {
        return GuestFile.read(FILE_NAME);
    }
}
