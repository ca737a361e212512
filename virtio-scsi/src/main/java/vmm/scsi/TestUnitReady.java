package vmm.scsi;

/** TEST UNIT READY (SPC-5): can the medium be reached? */
final class TestUnitReady implements Command<ItlNexus> {
    @Override
    public void execute(ItlNexus nexus, ScsiTask task) {
        task.end(ScsiStatus.GOOD);
    }

    @Override
    public boolean needsMedium() {
        return true;
    }
}
