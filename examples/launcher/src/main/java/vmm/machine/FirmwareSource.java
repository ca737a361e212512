package vmm.machine;

import java.nio.file.Path;
import java.util.Optional;
import vmm.firmware.bios.Firmware;

/** Which firmware a machine has. */
public sealed interface FirmwareSource {
    /** This host's SeaBIOS. */
    record SeaBios() implements FirmwareSource {
        @Override
        public Optional<Path> variables() {
            return Optional.empty();
        }
    }

    /**
     * This host's OVMF.
     *
     * @param variables the file that keeps its variables; if it is empty, they end with the machine
     */
    record Ovmf(Optional<Path> variables) implements FirmwareSource {}

    /**
     * A file of the user's.
     *
     * @param file a BIOS, or UEFI firmware with its variables or without
     * @param variables as above
     */
    record Image(Path file, Optional<Path> variables) implements FirmwareSource {}

    /** What the user calls it: a word, or the path of a file. */
    default String name() {
        return switch (this) {
            case SeaBios _ -> "seabios";
            case Ovmf _ -> "ovmf";
            case Image image -> image.file.toString();
        };
    }

    /** The file that keeps its variables, if there is one. */
    Optional<Path> variables();

    /**
     * Opens it for all lives of a machine.
     *
     * @throws vmm.linux.HostException if it cannot be used
     */
    default Firmware open() {
        return switch (this) {
            case SeaBios _ -> Firmware.seaBios();
            case Ovmf(Optional<Path> variables) -> {
                variables.ifPresent(StateFolder::makeRoom);
                yield Firmware.ovmf(variables);
            }
            case Image(Path file, Optional<Path> variables) -> Firmware.of(file, variables);
        };
    }
}
