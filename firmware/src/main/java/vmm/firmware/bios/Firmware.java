package vmm.firmware.bios;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.HostException;
import vmm.platform.NorFlash;

/**
 * Firmware as a machine has it: code in a ROM that ends at 4 GiB and, if it is UEFI firmware, the flash just below it
 * where it keeps its variables. Both outlive the machine's resets.
 */
public final class Firmware implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Firmware.class);

    /** A processor begins 16 bytes before the end of a ROM. */
    private static final int RESET_CODE_SIZE = 16;

    private final FirmwareRom rom;
    private final @Nullable VariableStore variables;

    private Firmware(FirmwareRom rom, @Nullable VariableStore variables) {
        this.rom = rom;
        this.variables = variables;
    }

    /**
     * This host's SeaBIOS.
     *
     * @throws HostException if there is none
     */
    public static Firmware seaBios() {
        return new Firmware(FirmwareRom.read(SeaBios.find()), null);
    }

    /**
     * This host's OVMF.
     *
     * @param variables the file that keeps its variables; if it is empty, they end with this object
     * @throws HostException if there is none, or the file cannot be used
     */
    public static Firmware ovmf(Optional<Path> variables) {
        Ovmf.Build build = Ovmf.find();
        return open(FirmwareRom.bytes(build.code()), FirmwareRom.bytes(build.template()), variables);
    }

    /**
     * Firmware from a file: any BIOS, code of UEFI firmware (whose template of variables is beside it, with VARS in its
     * name instead of CODE), or UEFI firmware whose file has both.
     *
     * @param variables as above
     * @throws HostException if it cannot be used, or needs SMM
     */
    public static Firmware of(Path file, Optional<Path> variables) {
        byte[] bytes = FirmwareRom.bytes(file);
        Optional<FirmwareVolume> volume = FirmwareVolume.first(bytes);
        if (volume.isEmpty()) {
            refuseWithoutCode(file, bytes);
            if (variables.isPresent()) {
                throw new HostException(
                        "The firmware " + file + " is not for UEFI and keeps no variables: leave --firmware-vars out.");
            }
            return new Firmware(FirmwareRom.of(bytes), null);
        }
        refuseSecureBoot(file);
        if (!volume.get().variables()) {
            Optional<Path> template = template(file);
            return template.isPresent()
                    ? open(bytes, FirmwareRom.bytes(template.get()), variables)
                    : withoutVariables(file, bytes, variables);
        }
        long size = volume.get().length();
        if (size <= 0 || size >= bytes.length || size % NorFlash.BLOCK != 0) {
            throw new HostException("The file " + file + " has variables of UEFI firmware, but no code: name the code"
                    + " with --firmware, as OVMF_CODE.fd, and this file with --firmware-vars.");
        }
        byte[] template = Arrays.copyOf(bytes, (int) size);
        return open(Arrays.copyOfRange(bytes, template.length, bytes.length), template, variables);
    }

    /** What is all zeros or all ones where the first processor begins would run into nothing without a word. */
    private static void refuseWithoutCode(Path file, byte[] bytes) {
        boolean zeros = true;
        boolean ones = true;
        for (int at = bytes.length - RESET_CODE_SIZE; at < bytes.length; at++) {
            zeros &= bytes[at] == 0;
            ones &= bytes[at] == (byte) 0xFF;
        }
        if (zeros || ones) {
            throw new HostException("The firmware " + file + " has nothing in its last " + RESET_CODE_SIZE
                    + " bytes, where a processor begins: get it again from where it came from, or name an image of"
                    + " a whole firmware, as bios-256k.bin of SeaBIOS.");
        }
    }

    private static Firmware withoutVariables(Path file, byte[] bytes, Optional<Path> variables) {
        if (variables.isPresent()) {
            throw new HostException("The firmware " + file + " has no template of variables to make " + variables.get()
                    + " from: put its VARS file beside it, or leave --firmware-vars out.");
        }
        return new Firmware(FirmwareRom.of(bytes), null);
    }

    /** Such builds stop without a word on a machine that has no SMM, and only their names tell them from others. */
    private static void refuseSecureBoot(Path file) {
        try {
            if (file.toRealPath().getFileName().toString().contains("secboot")) {
                throw new HostException("The firmware " + file
                        + " is for Secure Boot and needs system management mode, which this machine does not have: use"
                        + " --firmware ovmf.");
            }
        } catch (IOException e) {
            log.debug("The firmware's own name is unknown.", e);
        }
    }

    private static Optional<Path> template(Path file) {
        String name = file.getFileName().toString();
        Path sibling = file.resolveSibling(name.replaceFirst("CODE", "VARS").replaceFirst("code", "vars"));
        return Files.isReadable(sibling) && !sibling.equals(file) ? Optional.of(sibling) : Optional.empty();
    }

    private static Firmware open(byte[] code, byte[] template, Optional<Path> variables) {
        if (variables.isEmpty()) {
            log.info("The firmware's variables end with the machine; --firmware-vars FILE keeps them.");
        }
        VariableStore store = variables
                .map(file -> VariableStore.inFile(file, template))
                .orElseGet(() -> VariableStore.inMemory(template));
        try {
            return new Firmware(FirmwareRom.of(code), store);
        } catch (Throwable failure) {
            store.close();
            throw failure;
        }
    }

    /** The code. */
    public FirmwareRom rom() {
        return rom;
    }

    /** What the flash holds; empty if there is no flash. */
    public Optional<VariableStore> variables() {
        return Optional.ofNullable(variables);
    }

    /** Where the flash begins in the guest. */
    public long variablesStart() {
        return rom.start() - variables().map(store -> store.bytes().byteSize()).orElse(0L);
    }

    /** Gives the memory back, after every virtual machine that shows it. */
    @Override
    public void close() {
        if (variables != null) {
            variables.close();
        }
        rom.close();
    }
}
