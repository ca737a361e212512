package vmm.firmware.bios;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import vmm.linux.HostException;

/** SeaBIOS as distributions package it for QEMU's PCs. */
public final class SeaBios {
    /** Debian and Fedora have it in the first place, Arch and openSUSE in the second, QEMU's own build in the third. */
    private static final List<String> PLACES = List.of(
            "usr/share/seabios/bios-256k.bin",
            "usr/share/qemu/bios-256k.bin",
            "usr/local/share/qemu/bios-256k.bin",
            "usr/share/qemu-kvm/bios-256k.bin");

    private SeaBios() {}

    /**
     * The file of this host.
     *
     * @throws HostException if no package has put one where packages do
     */
    public static Path find() {
        return find(Path.of("/"));
    }

    /** The file of a host whose file system begins at {@code root}. */
    static Path find(Path root) {
        for (String place : PLACES) {
            Path file = root.resolve(place);
            if (Files.isReadable(file)) {
                return file;
            }
        }
        throw new HostException("SeaBIOS, which starts disks, is not installed (there is no "
                + root.resolve(PLACES.getFirst()) + "): install the package seabios (Debian, Arch) or seabios-bin"
                + " (Fedora), or name a file with --firmware.");
    }
}
