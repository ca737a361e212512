package vmm.machine;

import java.util.OptionalInt;

/**
 * What firmware may start, beyond what the disks say themselves.
 *
 * @param order kinds of device in the order in which they are tried, for those without a boot index: a letter each as
 *     in QEMU, c for disks and d for CD-ROM drives; this machine has no a (floppy disks) and no n (networks)
 * @param strict true if only these are tried
 * @param menu true if the user may choose
 * @param menuMillis how long the menu waits; firmware's own choice if it is empty
 */
public record BootOptions(String order, boolean strict, boolean menu, OptionalInt menuMillis) {
    /** Disks, then CD-ROM drives. */
    public static final BootOptions DEFAULT = new BootOptions("cd", false, false, OptionalInt.empty());

    /** The letters that an order may have. */
    public static final String LETTERS = "acdn";

    /** The letter of a kind of disk. */
    static char letter(DiskConfig disk) {
        return disk.cdrom() ? 'd' : 'c';
    }
}
