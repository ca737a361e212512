package vmm.firmware.bios;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import vmm.linux.HostException;

/** OVMF, the UEFI firmware for QEMU's PCs, as distributions package it: without Secure Boot, which needs SMM. */
public final class Ovmf {
    /**
     * A build of it: the code, and what a machine's variables are at first.
     *
     * @param code for a ROM
     * @param template of a variable store
     */
    public record Build(Path code, Path template) {}

    /** Debian, Fedora, Arch (new and old), openSUSE, and QEMU's own build. The larger store is the first choice. */
    private static final List<Build> PLACES = List.of(
            build("usr/share/OVMF/OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
            build("usr/share/OVMF/OVMF_CODE.fd", "OVMF_VARS.fd"),
            build("usr/share/edk2/ovmf/OVMF_CODE.fd", "OVMF_VARS.fd"),
            build("usr/share/edk2/x64/OVMF_CODE.4m.fd", "OVMF_VARS.4m.fd"),
            build("usr/share/edk2/x64/OVMF_CODE.fd", "OVMF_VARS.fd"),
            build("usr/share/edk2-ovmf/x64/OVMF_CODE.fd", "OVMF_VARS.fd"),
            build("usr/share/qemu/ovmf-x86_64-4m-code.bin", "ovmf-x86_64-4m-vars.bin"),
            build("usr/share/qemu/ovmf-x86_64-code.bin", "ovmf-x86_64-vars.bin"),
            build("usr/share/qemu/edk2-x86_64-code.fd", "edk2-i386-vars.fd"),
            build("usr/local/share/qemu/edk2-x86_64-code.fd", "edk2-i386-vars.fd"));

    private Ovmf() {}

    private static Build build(String code, String template) {
        Path path = Path.of(code);
        return new Build(path, path.resolveSibling(template));
    }

    /**
     * The files of this host.
     *
     * @throws HostException if no package has put any where packages do
     */
    public static Build find() {
        return find(Path.of("/"));
    }

    /** The files of a host whose file system begins at {@code root}. */
    static Build find(Path root) {
        for (Build place : PLACES) {
            Build build = new Build(root.resolve(place.code), root.resolve(place.template));
            if (Files.isReadable(build.code) && Files.isReadable(build.template)) {
                return build;
            }
        }
        throw new HostException("OVMF, the UEFI firmware, is not installed (there is no "
                + root.resolve(PLACES.getFirst().code)
                + "): install the package ovmf (Debian) or edk2-ovmf (Fedora, Arch), or name a file with --firmware.");
    }
}
