package vmm.scsi.block.protection;

/** What the protection information of a disk says (SBC-4 4.21.2). */
public enum ProtectionType {
    /** The reference tag is the lower half of the block's address. */
    TYPE_1(1),
    /** The reference tag is the initiator's. */
    TYPE_3(3);

    private final int number;

    ProtectionType(int number) {
        this.number = number;
    }

    /** 1 or 3. */
    public int number() {
        return number;
    }

    /** The type of that number. */
    public static ProtectionType of(int number) {
        return switch (number) {
            case 1 -> TYPE_1;
            case 3 -> TYPE_3;
            default ->
                throw new IllegalArgumentException("There is no protection of type " + number + " here, but 1 and 3.");
        };
    }
}
