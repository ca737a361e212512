package vmm.scsi.reservation;

import java.io.IOException;

/** For a logical unit of one virtual machine: in memory, and what is persistent in a file as well. */
final class PrivateStore implements ReservationStore {
    private final StateFile file;

    PrivateStore(StateFile file) {
        this.file = file;
    }

    @Override
    public boolean isPersistent() {
        return true;
    }

    @Override
    public void save(ReservationState old, ReservationState fresh) throws IOException {
        if (fresh.persistent()) {
            file.write(fresh, true);
        } else if (old.persistent()) {
            file.remove();
        }
    }
}
