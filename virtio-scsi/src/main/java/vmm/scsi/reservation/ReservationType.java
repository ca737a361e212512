package vmm.scsi.reservation;

import org.jspecify.annotations.Nullable;

/** What a persistent reservation keeps out, and who shares it (SPC-5, persistent reservations TYPE field). */
public enum ReservationType {
    WRITE_EXCLUSIVE(0x1, false, Sharing.NOBODY),
    EXCLUSIVE_ACCESS(0x3, true, Sharing.NOBODY),
    WRITE_EXCLUSIVE_REGISTRANTS_ONLY(0x5, false, Sharing.REGISTRANTS),
    EXCLUSIVE_ACCESS_REGISTRANTS_ONLY(0x6, true, Sharing.REGISTRANTS),
    WRITE_EXCLUSIVE_ALL_REGISTRANTS(0x7, false, Sharing.HOLDERS),
    EXCLUSIVE_ACCESS_ALL_REGISTRANTS(0x8, true, Sharing.HOLDERS);

    private enum Sharing {
        NOBODY,
        REGISTRANTS,
        HOLDERS
    }

    private static final ReservationType[] VALUES = values();

    private final int code;
    private final boolean exclusiveAccess;
    private final Sharing sharing;

    ReservationType(int code, boolean exclusiveAccess, Sharing sharing) {
        this.code = code;
        this.exclusiveAccess = exclusiveAccess;
        this.sharing = sharing;
    }

    /** The value of the TYPE field. */
    public int code() {
        return code;
    }

    /** True if others may not even read. */
    public boolean exclusiveAccess() {
        return exclusiveAccess;
    }

    /** True if whoever is registered may do what the holder may. */
    public boolean sharedByRegistrants() {
        return sharing != Sharing.NOBODY;
    }

    /** True if whoever is registered holds the reservation. */
    public boolean heldByAllRegistrants() {
        return sharing == Sharing.HOLDERS;
    }

    /** The type with that code, or null if the code is reserved or obsolete. */
    public static @Nullable ReservationType of(int code) {
        for (ReservationType type : VALUES) {
            if (type.code == code) {
                return type;
            }
        }
        return null;
    }
}
