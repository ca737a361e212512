package vmm.guests;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * An application that comes with the VMM, for UEFI firmware to start. It prints {@code Started by UEFI firmware from
 * TEXT, start 01} on the firmware's console and counts its starts in a variable of the firmware's. After an odd start
 * it has the firmware reset the machine, after an even one it leaves through the debug exit port with
 * {@link BuiltinGuest#SUCCESS}.
 */
public final class UefiApplication {
    /** The file's name. */
    public static final String FILE_NAME = "boot-uefi.efi";

    private static final int MESSAGE_SIZE = 512;

    private UefiApplication() {}

    /**
     * The file's contents.
     *
     * @param text ASCII, at most 511 characters
     */
    public static byte[] bytes(String text) {
        byte[] message = text.getBytes(StandardCharsets.US_ASCII);
        if (message.length >= MESSAGE_SIZE) {
            throw new IllegalArgumentException("The text does not fit into the application.");
        }
        byte[] file = GuestFile.read(FILE_NAME);
        ByteBuffer.wrap(file).position(file.length - MESSAGE_SIZE).put(message).put((byte) 0);
        return file;
    }

    /** A disk of 1 MiB from which UEFI firmware starts the application, as from any removable medium. */
    public static byte[] disk(String text) {
        return FatDisk.startingWith(bytes(text));
    }
}
