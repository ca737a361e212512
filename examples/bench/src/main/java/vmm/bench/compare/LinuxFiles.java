package vmm.bench.compare;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import vmm.lab.GuestImages;
import vmm.lab.PackageCache;
import vmm.lab.Progress;

/** Gets what {@link Guest.Linux} boots from. */
final class LinuxFiles {
    private static final Path FIO = Path.of("/usr/bin/fio");

    private LinuxFiles() {}

    /**
     * The guest, with its initial RAM disk written into a folder.
     *
     * @throws vmm.linux.HostException if the kernel or a program cannot be had
     */
    static Guest.Linux prepare(Path folder, Progress progress) throws IOException {
        GuestImages images = GuestImages.prepare(PackageCache.defaultFolder(), progress);
        Path initrd = folder.resolve("initrd.gz");
        images.initramfs(GuestImages.DISK_MODULES, List.of(FIO), script()).write(initrd);
        return new Guest.Linux(images.kernel().image(), initrd);
    }

    private static String script() throws IOException {
        try (InputStream in = LinuxFiles.class.getResourceAsStream("guest.sh")) {
            if (in == null) {
                throw new IllegalStateException("The guest's script was not built in.");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
