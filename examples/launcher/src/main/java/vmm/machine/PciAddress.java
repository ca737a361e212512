package vmm.machine;

/**
 * A place on the PCI bus.
 *
 * @param slot the device number, 0 to 31
 * @param function 0 to 7
 */
public record PciAddress(int slot, int function) {
    /** How many slots a bus has. */
    public static final int SLOTS = 32;

    /** How many functions a slot has. */
    public static final int FUNCTIONS = 8;

    /** Bus, slot and function as {@code lspci} writes them: {@code 00:02.0}. */
    @Override
    public String toString() {
        return "00:%02x.%d".formatted(slot, function);
    }
}
