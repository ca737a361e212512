package vmm.guests;

/**
 * A Multiboot kernel that comes with the VMM, a file whose header says where it goes. It prints {@code Command line:
 * FILE WORDS; module: TEXT holds CONTENT} on the first serial port, with as many modules as there are, each of which
 * has to end with a zero, and leaves through the debug exit port with {@link BuiltinGuest#SUCCESS}; with 0x11 if its
 * loader does not say that it is one.
 */
public final class MultibootGuest {
    /** The file's name. */
    public static final String FILE_NAME = "boot-multiboot.bin";

    private MultibootGuest() {}

    /** The file's contents. */
    public static byte[] bytes() {
        return GuestFile.read(FILE_NAME);
    }
}
