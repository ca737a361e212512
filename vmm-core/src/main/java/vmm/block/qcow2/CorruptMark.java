package vmm.block.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import vmm.block.BlockRequest;
import vmm.linux.IoVector;

/** Writes into the header of a damaged image that it is one. */
final class CorruptMark extends BlockRequest implements Deferred {
    private MemorySegment bytes = MemorySegment.NULL;

    CorruptMark() {
        super(new IoVector(1));
    }

    @Override
    public void start(Qcow2Queue queue) {
        byte[] sector;
        synchronized (queue.image()) {
            sector = queue.image().headerSector().clone();
        }
        bytes = Arena.ofAuto().allocate(sector.length, 4096);
        bytes.copyFrom(MemorySegment.ofArray(sector));
        data().add(bytes.address(), sector.length);
        prepare(Operation.WRITE, 0);
        queue.file().submit(this);
    }

    /** Whoever found the damage was told already. */
    @Override
    public void completed(int errno) {}
}
