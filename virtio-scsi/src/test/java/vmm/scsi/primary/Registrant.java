package vmm.scsi.primary;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import vmm.scsi.Initiator;
import vmm.scsi.NexusId;
import vmm.scsi.ScsiStatus;
import vmm.scsi.TransportId;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.reservation.ReservationType;

/** An initiator that registers and reserves. Its key is its own. */
public final class Registrant {
    static final int REGISTER = 0;
    static final int RESERVE = 1;
    static final int RELEASE = 2;
    static final int CLEAR = 3;
    static final int PREEMPT = 4;
    static final int REGISTER_AND_IGNORE = 6;
    static final int REGISTER_AND_MOVE = 7;

    static final int APTPL = 1;
    static final int ALL_TG_PT = 4;
    static final int SPEC_I_PT = 8;

    final Initiator initiator;
    final long key;

    /** One that has heard of the disk's power on, under a name. */
    public Registrant(ScsiDisk disk, long key, TransportId name) {
        this.initiator = Initiator.named(disk, name);
        this.key = key;
    }

    Registrant(ScsiDisk disk, long key) {
        this(disk, key, TransportId.unnamed());
    }

    /** Its way to the disk. */
    public NexusId nexus() {
        return initiator.nexus.id();
    }

    TransportId name() {
        return initiator.nexus.id().initiatorPort();
    }

    Initiator.Result out(int action, int type, long reservationKey, long newKey, int flags, byte... more) {
        byte[] list = ByteBuffer.allocate(24 + more.length)
                .putLong(reservationKey)
                .putLong(newKey)
                .putInt(0)
                .put((byte) flags)
                .put(new byte[3])
                .put(more)
                .array();
        String cdb = "5f %02x %02x 00 00 00 %02x %02x %02x 00"
                .formatted(action, type, list.length >>> 16, list.length >>> 8 & 0xff, list.length & 0xff);
        return initiator.write(cdb, list);
    }

    Initiator.Task start(String cdb, byte[] out) {
        return initiator.start(0, HexFormat.ofDelimiter(" ").parseHex(cdb), out, 0, 1);
    }

    /** REGISTER of its key. */
    public Initiator.Result register() {
        return out(REGISTER, 0, 0, key, 0);
    }

    Initiator.Result register(int flags) {
        return out(REGISTER, 0, 0, key, flags);
    }

    Initiator.Result unregister() {
        return out(REGISTER, 0, key, 0, 0);
    }

    /** RESERVE. */
    public Initiator.Result reserve(ReservationType type) {
        return out(RESERVE, type.code(), key, 0, 0);
    }

    Initiator.Result release(ReservationType type) {
        return out(RELEASE, type.code(), key, 0, 0);
    }

    Initiator.Result clear() {
        return out(CLEAR, 0, key, 0, 0);
    }

    Initiator.Result preempt(long victim, ReservationType type) {
        return out(PREEMPT, type.code(), key, victim, 0);
    }

    /** READ of one block. */
    public ScsiStatus read() {
        return initiator.read("28 00 00 00 00 00 00 00 01 00", 512).status();
    }

    /** WRITE of one block. */
    public ScsiStatus write() {
        return initiator.write("2a 00 00 00 00 00 00 00 01 00", new byte[512]).status();
    }

    Initiator.Result in(int action) {
        return initiator.read("5e 0%d 00 00 00 00 00 10 00 00".formatted(action), 4096);
    }

    List<Long> keys() {
        ByteBuffer data = ByteBuffer.wrap(in(0).data());
        assertEquals(data.capacity() - 8, data.getInt(4));
        List<Long> keys = new ArrayList<>();
        data.position(8);
        while (data.hasRemaining()) {
            keys.add(data.getLong());
        }
        return keys;
    }

    int generation() {
        return ByteBuffer.wrap(in(0).data()).getInt(0);
    }

    /** "key type" in hexadecimal digits, or nothing if there is no reservation. */
    String reservation() {
        ByteBuffer data = ByteBuffer.wrap(in(1).data());
        assertEquals(data.capacity() - 8, data.getInt(4));
        return data.capacity() == 8 ? "" : "%x %x".formatted(data.getLong(8), data.get(21));
    }

    /** What it is told next: additional sense code and qualifier, or nothing. */
    public String attention() {
        Initiator.Result result = initiator.send("00 00 00 00 00 00");
        byte[] sense = result.sense();
        return result.status() == ScsiStatus.CHECK_CONDITION ? "%02x %02x".formatted(sense[12], sense[13]) : "";
    }

    /** Sense key, additional sense code and qualifier of a command that ended with CHECK CONDITION. */
    static String sense(Initiator.Result result) {
        assertEquals(ScsiStatus.CHECK_CONDITION, result.status());
        byte[] sense = result.sense();
        return "%x %02x %02x".formatted(sense[2] & 0xf, sense[12], sense[13]);
    }
}
