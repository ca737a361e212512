package vmm.guests;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The files of the guests in this build. */
final class GuestFile {
    private GuestFile() {}

    static byte[] read(String name) {
        try (InputStream file = GuestFile.class.getResourceAsStream(name)) {
            if (file == null) {
                throw new IllegalStateException("The guest " + name + " is missing from this build.");
            }
            return file.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
