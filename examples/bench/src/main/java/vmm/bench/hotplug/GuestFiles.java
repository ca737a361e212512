package vmm.bench.hotplug;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import vmm.bench.LinuxBench;
import vmm.lab.GuestImages;
import vmm.lab.PackageCache;
import vmm.lab.Progress;

/**
 * What the guest boots from.
 *
 * @param kernel Linux
 * @param initrd its initial RAM disk
 * @param fio whether disks that stay are written and checked meanwhile
 */
record GuestFiles(Path kernel, Path initrd, boolean fio) {
    /**
     * Writes the initial RAM disk into a folder.
     *
     * @throws vmm.linux.HostException if the kernel or a program cannot be had
     */
    static GuestFiles prepare(Path folder, boolean fio, Progress progress) throws IOException {
        PackageCache packages = new PackageCache(PackageCache.defaultFolder(), progress);
        GuestImages images = GuestImages.prepare(PackageCache.defaultFolder(), progress);
        Path initrd = folder.resolve("initrd.gz");
        List<Path> programs = new ArrayList<>(List.of(packages.program("perl", "perl-base")));
        if (fio) {
            programs.add(packages.program("fio", "fio"));
        }
        images.initramfs(GuestImages.DISK_MODULES, programs, LinuxBench.script(Hotplug.class, "guest.sh"))
                .script("/hotplug.pl", LinuxBench.script(Hotplug.class, "guest.pl"))
                .write(initrd);
        return new GuestFiles(images.kernel().image(), initrd, fio);
    }

    /** The kernel's command line. */
    String commandLine() {
        return "console=ttyS0 quiet panic=-1 fio=" + (fio ? "yes" : "no");
    }
}
