package vmm.lab;

import java.nio.file.Path;
import java.util.List;

/**
 * What a Linux guest boots from: a small kernel of the distribution's, and an initramfs around busybox.
 *
 * @param kernel the kernel, whose disk drivers are modules
 * @param busybox a static busybox
 */
public record GuestImages(KernelPackage kernel, Path busybox) {
    /** The modules of both virtio disks, with SCSI's disk and generic drivers. */
    public static final List<String> DISK_MODULES =
            List.of("crc-t10dif", "crct10dif_common", "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "sg");

    /** Gets what is missing. */
    public static GuestImages prepare(Path cache, Progress progress) {
        PackageCache packages = new PackageCache(cache, progress);
        Path busybox = packages.program("busybox", "busybox-static");
        return new GuestImages(packages.kernel("linux-image-cloud-amd64"), busybox);
    }

    /**
     * An initramfs whose init mounts /proc, /sys, /dev and /dev/shm, inserts modules, runs a script and powers off.
     * More can be added to it.
     *
     * @param modules their names; what they need comes with them
     * @param programs of the host, at the same path in the guest, with their libraries
     * @param script what the guest does: lines for busybox's shell, where every applet is found by its name
     */
    public Initramfs initramfs(List<String> modules, List<Path> programs, String script) {
        Initramfs initramfs = new Initramfs()
                .folder("/proc")
                .folder("/sys")
                .folder("/dev")
                .folder("/tmp")
                .file("/bin/busybox", busybox)
                .link("/bin/sh", "busybox");
        initramfs.modules(kernel, modules);
        programs.forEach(initramfs::program);
        return initramfs.script("/init", """
                        #!/bin/busybox sh
                        /bin/busybox mount -t proc proc /proc
                        /bin/busybox mount -t sysfs sysfs /sys
                        /bin/busybox mount -t devtmpfs dev /dev
                        /bin/busybox mkdir -p /dev/shm /sbin /usr/bin /usr/sbin
                        /bin/busybox mount -t tmpfs shm /dev/shm
                        /bin/busybox --install -s
                        export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
                        """ + initramfs.insertModules() + script + "\n/bin/busybox poweroff -f\n");
    }
}
