package vmm.scsi.block;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.scsi.BigEndian;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ItNexus;
import vmm.scsi.ItlNexus;
import vmm.scsi.LogicalUnitCounters;
import vmm.scsi.ParameterData;
import vmm.scsi.SenseCode;
import vmm.scsi.Standard;
import vmm.scsi.UnitAttention;
import vmm.scsi.block.protection.ProtectedMedium;
import vmm.scsi.primary.IdentificationPages;
import vmm.scsi.primary.ModePages;
import vmm.scsi.primary.PrimaryUnit;
import vmm.scsi.reservation.Reservations;

/** A direct access block device (SBC-4) whose blocks are the bytes of a {@link BlockDevice}. */
public final class ScsiDisk extends PrimaryUnit {
    // DEVICE-SPECIFIC PARAMETER (SBC-4, mode parameters)
    private static final int WP = 1 << 7;
    private static final int DPOFUA = 1 << 4;

    private static final long BEYOND_32_BITS = 0xffff_ffffL;

    private static final int DIRECT_ACCESS_BLOCK_DEVICE = 0x00;

    private final BlockDevice medium;
    private final DiskIdentity identity;
    private final DiskGeometry geometry;
    private volatile boolean writeCache;
    private final boolean removable;
    private final RangeGuard guard;
    private final DiskMechanics mechanics = new DiskMechanics();
    private final OrWriteGeneration orWriteGeneration = new OrWriteGeneration();
    private final Reservations reservations;
    private final @Nullable ProvisioningThresholds thresholds;
    private volatile boolean softwareWriteProtect;

    /** What had been counted when a log page was reset. Replaced, never changed. */
    private volatile Map<Integer, LogicalUnitCounters> logResets = Map.of();

    /** What the disk is doing with all of its blocks; null if nothing. */
    private volatile @Nullable WholeDiskOperation operation;

    /** Why the medium cannot be used until another operation has succeeded; null if it can. */
    private volatile @Nullable SenseCode failure;

    private volatile boolean failureMayBeLeft;

    /** A disk that is not removable, and of which nothing is kept. See the longest constructor. */
    public ScsiDisk(BlockDevice medium, DiskIdentity identity, DiskGeometry geometry, boolean writeCache) {
        this(medium, identity, geometry, writeCache, false);
    }

    /** A disk of which nothing is kept. See the longest constructor. */
    public ScsiDisk(
            BlockDevice medium, DiskIdentity identity, DiskGeometry geometry, boolean writeCache, boolean removable) {
        this(medium, identity, geometry, writeCache, removable, NonvolatileState.none());
    }

    /**
     * A disk.
     *
     * @param medium where its blocks are, a {@link ProtectedMedium} if they are to be protected; stays open as long as
     *     the disk is in use, and is not closed by it
     * @param identity what it says of itself
     * @param geometry how it is divided; a rest of the medium that is no whole logical block is left out
     * @param writeCache true if by default writes may stay in a volatile cache until the initiator flushes it;
     *     otherwise each write ends when it is in stable storage
     * @param removable true if it says that its medium can be taken out
     * @param state what it remembers; like the medium it may outlive the disk
     * @throws IllegalArgumentException if the medium is smaller than one logical block
     */
    public ScsiDisk(
            BlockDevice medium,
            DiskIdentity identity,
            DiskGeometry geometry,
            boolean writeCache,
            boolean removable,
            NonvolatileState state) {
        super(DiskModePages.of(writeCache, ProvisioningThresholds.canWatch(medium)), state.modes());
        if (medium.size() < geometry.logicalBlock()) {
            throw new IllegalArgumentException(
                    medium.name() + " is smaller than one block of " + geometry.logicalBlock() + " bytes.");
        }
        this.medium = medium;
        this.guard = new RangeGuard(medium instanceof ProtectedMedium);
        this.identity = identity;
        this.geometry = geometry;
        this.removable = removable;
        this.reservations = state.reservations();
        this.thresholds = ProvisioningThresholds.canWatch(medium) ? new ProvisioningThresholds(this) : null;
        modesChanged();
    }

    @Override
    public int deviceType() {
        return DIRECT_ACCESS_BLOCK_DEVICE;
    }

    @Override
    public boolean removable() {
        return removable;
    }

    @Override
    public DiskIdentity identity() {
        return identity;
    }

    @Override
    public Set<Standard> standards() {
        return DiskCommands.TABLE.standards();
    }

    /** Where the blocks are. */
    public BlockDevice medium() {
        return medium;
    }

    /** How the disk is divided into blocks. */
    public DiskGeometry geometry() {
        return geometry;
    }

    /** How many logical blocks there are, at least 1. */
    public long blocks() {
        return medium.size() >>> geometry.shift();
    }

    /**
     * Begins something that goes over all blocks, if nothing of the kind is going on. Until it ends, nothing else
     * reaches the medium.
     *
     * @return false if it cannot begin
     */
    synchronized boolean begin(WholeDiskOperation next) {
        if (operation != null) {
            return false;
        }
        operation = next;
        return true;
    }

    /**
     * The operation has ended.
     *
     * @param why what the medium is in until another one succeeds; null if it has succeeded itself
     * @param mayBeLeft true if the initiator may choose to use the medium all the same
     */
    synchronized void ended(@Nullable SenseCode why, boolean mayBeLeft) {
        failure = why;
        failureMayBeLeft = mayBeLeft;
        operation = null;
    }

    /** What is going on, or null. */
    @Nullable
    WholeDiskOperation operation() {
        return operation;
    }

    /** Why the medium cannot be used although nothing is going on, or null. */
    @Nullable
    SenseCode failure() {
        return failure;
    }

    /** Makes the medium usable again after a failure, if the initiator may do that. */
    synchronized boolean leaveFailure() {
        if (failure != null && !failureMayBeLeft) {
            return false;
        }
        failure = null;
        return true;
    }

    /** The medium, if it keeps protection information with the blocks, or null. */
    @Nullable
    ProtectedMedium protectedMedium() {
        return medium instanceof ProtectedMedium kept ? kept : null;
    }

    @Override
    public int protectionType() {
        return medium instanceof ProtectedMedium kept ? kept.type().number() : 0;
    }

    /** Keeps commands apart that must not meet. */
    RangeGuard guard() {
        return guard;
    }

    /** Of which generation bitmaps on the disk are. */
    OrWriteGeneration orWriteGeneration() {
        return orWriteGeneration;
    }

    /** Lets {@code visitor} see every way to this disk that there is at this moment. */
    void forEachDiskNexus(Consumer<DiskNexus> visitor) {
        forEachNexus(nexus -> visitor.accept((DiskNexus) nexus));
    }

    /**
     * True if blocks need not have storage (SBC-4 4.7.3, thin provisioning): what is unmapped gives it back, and reads
     * as zeros. Of a medium that is only read nobody can tell the difference, since it refuses to unmap.
     */
    public boolean isThin() {
        return medium.readOnly() || medium.discardGranularity() > 0;
    }

    /** What watches the storage of the blocks; null if the medium cannot tell what it has. */
    @Nullable
    ProvisioningThresholds thresholds() {
        return thresholds;
    }

    /** The medium has another size: all initiators are told. Any thread may call. */
    public void capacityChanged() {
        raise(UnitAttention.CAPACITY_CHANGED);
    }

    /** True if writes are refused. */
    public boolean writeProtected() {
        return writeProtection() != null;
    }

    /** Why writes are refused, or null if they are not. */
    @Nullable
    SenseCode writeProtection() {
        if (medium.readOnly()) {
            return SenseCode.WRITE_PROTECTED;
        }
        return softwareWriteProtect ? SenseCode.LOGICAL_UNIT_SOFTWARE_WRITE_PROTECTED : null;
    }

    /** True if writes may stay in a volatile cache: WCE of the caching mode page (SBC-4). */
    public boolean writeCache() {
        return writeCache;
    }

    /** Whether it turns, and where its medium is. */
    DiskMechanics mechanics() {
        return mechanics;
    }

    /** True after START STOP UNIT has stopped the disk (SBC-4 5.31). */
    public boolean stopped() {
        return mechanics.isStopped();
    }

    /** True after START STOP UNIT has ejected the medium, until it loads it again. */
    public boolean ejected() {
        return mechanics.isEjected();
    }

    /** What a log page counts: all since it was reset last. */
    LogicalUnitCounters logged(int page) {
        return counters().minus(logResets.getOrDefault(page, LogicalUnitCounters.ZERO));
    }

    /** A log page counts from zero again (SPC-5, LOG SELECT). */
    synchronized void resetLog(int page) {
        Map<Integer, LogicalUnitCounters> next = new HashMap<>(logResets);
        next.put(page, counters());
        logResets = next;
    }

    /** Who is registered with this disk, and what they have reserved. */
    public Reservations reservations() {
        return reservations;
    }

    @Override
    protected ItlNexus open(ItNexus initiator) {
        return new DiskNexus(initiator, this);
    }

    @Override
    protected String distinction() {
        return medium.name();
    }

    @Override
    public boolean isNamed(int type, byte[] designator) {
        return IdentificationPages.isNamed(this, type, designator);
    }

    @Override
    public boolean copies() {
        return true;
    }

    @Override
    protected void nexusLost(ItlNexus nexus) {
        mechanics.lock(nexus, false);
        ((DiskNexus) nexus).copies().close();
        reservations.lost(nexus.initiator().id());
    }

    @Override
    protected int deviceSpecificParameter() {
        return DPOFUA | (writeProtected() ? WP : 0);
    }

    @Override
    protected void writeBlockDescriptor(ParameterData data, boolean longLba) {
        if (longLba) {
            data.u64(blocks()).zeros(4).u32(geometry.logicalBlock());
        } else {
            data.u32(Math.min(blocks(), BEYOND_32_BITS)).u8(0).u24(geometry.logicalBlock());
        }
    }

    @Override
    protected int refusedInBlockDescriptor(byte[] wanted, byte[] present) {
        boolean longLba = present.length == 16;
        long blocks = longLba ? BigEndian.get64(wanted, 0) : BigEndian.get32(wanted, 0);
        // SBC-4: 0 keeps the number of blocks as it is, all ones sets it to the largest, which it is
        boolean unchanged = blocks == 0 || blocks == (longLba ? -1 : BEYOND_32_BITS);
        if (unchanged) {
            System.arraycopy(present, 0, wanted, 0, longLba ? Long.BYTES : Integer.BYTES);
        }
        return super.refusedInBlockDescriptor(wanted, present);
    }

    @Override
    protected void modesChanged() {
        writeCache = modes().has(DiskModePages.CACHING, 2, DiskModePages.WCE);
        softwareWriteProtect = modes().has(ModePages.CONTROL, 4, ModePages.SWP);
        if (thresholds != null) {
            thresholds.changed();
        }
    }

    @Override
    protected void restore() {
        super.restore();
        mechanics.reset();
        reservations.freeUnit();
        if (thresholds != null) {
            thresholds.rearm();
        }
    }
}
