package vmm.scsi.multimedia;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.block.BlockDevice;
import vmm.linux.HostException;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ItNexus;
import vmm.scsi.ItlNexus;
import vmm.scsi.ParameterData;
import vmm.scsi.Standard;
import vmm.scsi.UnitAttention;
import vmm.scsi.primary.PrimaryUnit;

/**
 * A drive for CD-ROMs and DVD-ROMs (MMC-6) with a tray. What lies on the tray when it closes is the disc; so a host
 * changes discs by putting another file in the place of the old one while the tray is open.
 *
 * <p>Any thread may call.
 */
public final class CdRomDrive extends PrimaryUnit implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CdRomDrive.class);

    private static final int MULTIMEDIA_DEVICE = 0x05;

    private final DiskIdentity identity;
    private final DiscSource source;
    private final TrayListener listener;
    private final Set<ItlNexus> locks = new HashSet<>();
    private volatile Tray tray;

    /**
     * Where the tray is and what is in it.
     *
     * @param disc what can be read; none while the tray is open
     */
    record Tray(boolean open, @Nullable Disc disc) {}

    /**
     * A drive that closes its tray at once.
     *
     * @param identity what it says of itself
     * @param source what lies on the tray
     * @throws HostException if that cannot be opened
     */
    public CdRomDrive(DiskIdentity identity, DiscSource source) {
        this(identity, source, open -> {});
    }

    /**
     * A drive that closes its tray at once.
     *
     * @param identity what it says of itself
     * @param source what lies on the tray
     * @param listener told when the tray has moved, by whomever; not of this first time
     * @throws HostException if what lies on the tray cannot be opened
     */
    public CdRomDrive(DiskIdentity identity, DiscSource source, TrayListener listener) {
        super(DriveModePages.ALL);
        this.identity = identity;
        this.source = source;
        this.listener = listener;
        this.tray = new Tray(false, disc(source.load()));
    }

    private static @Nullable Disc disc(@Nullable BlockDevice medium) {
        return medium == null ? null : new Disc(medium);
    }

    /** What the drive looks like at this moment. */
    Tray tray() {
        return tray;
    }

    /** True while the tray is out. */
    public boolean isOpen() {
        return tray.open();
    }

    /** True if a disc can be read. */
    public boolean hasDisc() {
        return tray.disc() != null;
    }

    /** True while some initiator prevents that the tray opens (PREVENT ALLOW MEDIUM REMOVAL). */
    public synchronized boolean isLocked() {
        return !locks.isEmpty();
    }

    /**
     * Presses the button of the drive. The tray opens, unless an initiator prevents it; then all initiators are told of
     * the wish, and one of them may eject the disc.
     *
     * @param force true to open the tray even then
     * @return true if the tray is open now
     */
    public synchronized boolean pressEject(boolean force) {
        if (!force && !locks.isEmpty()) {
            tell(MediaEvent.EJECT_REQUEST);
            askForMedium();
            return false;
        }
        open();
        return true;
    }

    /** Opens the tray, if it is not. What was on it stays there until somebody takes it. */
    synchronized void open() {
        Tray before = tray;
        if (before.open()) {
            return;
        }
        tray = new Tray(true, null);
        Disc disc = before.disc();
        if (disc != null) {
            tell(MediaEvent.MEDIA_REMOVAL);
            raise(UnitAttention.MEDIUM_MAY_HAVE_CHANGED);
            disc.leave();
        }
        listener.moved(true);
    }

    /** Closes the tray, if it is open, with what lies on it now. What cannot be opened is as good as none. */
    public synchronized void load() {
        if (!tray.open()) {
            return;
        }
        Disc disc = null;
        try {
            disc = disc(source.load());
        } catch (HostException unreadable) {
            LOG.warn("{} The drive is empty.", unreadable.getMessage());
        }
        tray = new Tray(false, disc);
        if (disc != null) {
            tell(MediaEvent.NEW_MEDIA);
            raise(UnitAttention.MEDIUM_MAY_HAVE_CHANGED);
        }
        listener.moved(false);
    }

    private void tell(MediaEvent event) {
        forEachNexus(nexus -> ((DriveNexus) nexus).happened(event));
    }

    /** One initiator prevents or allows that the tray opens. */
    synchronized void lock(ItlNexus nexus, boolean prevent) {
        if (prevent) {
            locks.add(nexus);
        } else {
            locks.remove(nexus);
        }
        showLocks();
    }

    private void showLocks() {
        modes().set(DriveModePages.CAPABILITIES, 6, DriveModePages.LOCK_STATE, !locks.isEmpty());
    }

    @Override
    public int deviceType() {
        return MULTIMEDIA_DEVICE;
    }

    @Override
    public boolean removable() {
        return true;
    }

    @Override
    public DiskIdentity identity() {
        return identity;
    }

    @Override
    public Set<Standard> standards() {
        return DriveCommands.TABLE.standards();
    }

    @Override
    protected String distinction() {
        // A drive stays the same, whatever the disc.
        return "";
    }

    @Override
    protected ItlNexus open(ItNexus initiator) {
        return new DriveNexus(initiator, this);
    }

    /** SPC-5, PREVENT ALLOW MEDIUM REMOVAL: who has gone prevents nothing. */
    @Override
    protected void nexusLost(ItlNexus nexus) {
        lock(nexus, false);
    }

    @Override
    protected int deviceSpecificParameter() {
        // MMC-6 7.2: reserved
        return 0;
    }

    @Override
    protected void writeBlockDescriptor(ParameterData data, boolean longLba) {
        if (longLba) {
            data.zeros(12).u32(Disc.BLOCK);
        } else {
            data.zeros(5).u24(Disc.BLOCK);
        }
    }

    /** SPC-5, PREVENT ALLOW MEDIUM REMOVAL: a reset allows it. */
    @Override
    protected synchronized void restore() {
        locks.clear();
        super.restore();
    }

    /** Gives the disc back, after the last command has ended. */
    @Override
    public synchronized void close() {
        Disc disc = tray.disc();
        tray = new Tray(true, null);
        if (disc != null) {
            disc.leave();
        }
    }
}
