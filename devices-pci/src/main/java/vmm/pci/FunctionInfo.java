package vmm.pci;

import java.util.Comparator;
import java.util.List;

/**
 * A description of a function for people and tools, as of one moment.
 *
 * @param slot 0 to 31
 * @param function 0 to 7
 * @param identity what it says it is
 * @param interruptPin 0 for none, 1 for INTA# to 4 for INTD#
 * @param interruptLine what software has written into the register of that name
 * @param command the command register
 * @param bars its base address registers, by index
 */
public record FunctionInfo(
        int slot,
        int function,
        PciIdentity identity,
        int interruptPin,
        int interruptLine,
        int command,
        List<BarInfo> bars) {
    /**
     * A base address register.
     *
     * @param index 0 to 5
     * @param size in bytes
     * @param address where it is mapped, or {@link AddressDecoder#UNMAPPED}
     */
    public record BarInfo(int index, Bar.Kind kind, long size, long address) {}

    static FunctionInfo of(int slot, int number, PciFunction function) {
        List<BarInfo> bars = function.decoders().stream()
                .filter(Bar.class::isInstance)
                .map(Bar.class::cast)
                .sorted(Comparator.comparingInt(Bar::index))
                .map(bar -> new BarInfo(bar.index(), bar.kind(), bar.size(), bar.address()))
                .toList();
        ConfigSpace config = function.config();
        return new FunctionInfo(
                slot,
                number,
                function.identity(),
                config.read(ConfigSpace.INTERRUPT_PIN, 1),
                config.read(ConfigSpace.INTERRUPT_LINE, 1),
                config.read(ConfigSpace.COMMAND, 2),
                bars);
    }
}
