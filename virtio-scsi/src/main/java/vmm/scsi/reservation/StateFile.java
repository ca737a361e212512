package vmm.scsi.reservation;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import vmm.linux.HostException;
import vmm.scsi.SideFile;

/** The file that keeps the state of reservations. */
final class StateFile {
    private final SideFile file;

    StateFile(Path path) {
        file = new SideFile(path, "persistent reservations, format 1");
    }

    /**
     * The state of the last power-on, or none.
     *
     * @throws HostException if the file is there and cannot be understood
     */
    ReservationState open() {
        try {
            return read().orElse(ReservationState.NONE);
        } catch (IOException e) {
            throw new HostException(
                    "The reservations in " + file.path() + " cannot be used (" + e.getMessage()
                            + "): repair the file, or remove it to forget all registrations of its disk.",
                    e);
        }
    }

    /** What is in the file; nothing if there is none. */
    Optional<ReservationState> read() throws IOException {
        Optional<List<String>> lines = file.read();
        try {
            return lines.map(StateText::read);
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /**
     * Puts a state in place of what was there.
     *
     * @param stable true if it must be there after a power loss
     */
    void write(ReservationState state, boolean stable) throws IOException {
        file.write(StateText.write(state), stable);
    }

    void remove() throws IOException {
        file.remove();
    }
}
