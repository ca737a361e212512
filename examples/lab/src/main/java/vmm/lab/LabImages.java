package vmm.lab;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import vmm.lab.agent.Agent;
import vmm.linux.HostException;

/**
 * What the lab itself is made of.
 *
 * @param kernel L1's kernel, of the flavour that has 9p
 * @param busybox a static busybox
 * @param emulator QEMU
 */
record LabImages(KernelPackage kernel, Path busybox, Path emulator) {
    private static final String AGENT_PACKAGE = Agent.class.getPackageName().replace('.', '/');

    private static final List<String> MODULES = List.of(
            "virtio_pci",
            "virtio_console",
            "9p",
            "9pnet_virtio",
            "overlay",
            // Seconds without a sign of life from the agent; a host under load takes its time.
            "i6300esb heartbeat=120",
            "kvm-amd",
            "virtio_rng");

    private static final List<PackageCache.Need> NEEDS = List.of(
            new PackageCache.Need("busybox", "busybox-static"),
            new PackageCache.Need("qemu-system-x86_64", "qemu-system-x86"));

    /** Why the lab cannot be made here, or an empty string. */
    static String obstacle() {
        List<PackageCache.Need> missing = PackageCache.missing(NEEDS);
        if (missing.isEmpty() || PackageCache.mayInstall()) {
            return "";
        }
        return "the lab needs the packages "
                + String.join(
                        " and ",
                        missing.stream().map(PackageCache.Need::packageName).toList());
    }

    /** Gets what is missing. */
    static LabImages prepare(Path cache, Progress progress) {
        PackageCache packages = new PackageCache(cache, progress);
        List<Path> programs = packages.programs(NEEDS);
        return new LabImages(packages.kernel("linux-image-amd64"), programs.get(0), programs.get(1));
    }

    /** Writes L1's initramfs. */
    void writeInitramfs(LabConfig config, Path target) {
        Initramfs initramfs = new Initramfs()
                .folder("/proc")
                .folder("/sys")
                .folder("/dev")
                .folder("/host")
                .folder("/upper")
                .folder("/root")
                .folder("/sbin")
                .file("/bin/busybox", busybox)
                .link("/bin/sh", "busybox")
                // Where the kernel itself calls for a module.
                .link("/sbin/modprobe", "/bin/busybox")
                .link("/lib/modules", "/root/lib/modules")
                .bytes("/agent.jar", agentJar())
                .modules(kernel, MODULES);
        initramfs.script("/init", initScript(config, initramfs.insertModules())).write(target);
    }

    private String initScript(LabConfig config, String insertModules) {
        return """
                #!/bin/busybox sh
                b=/bin/busybox
                $b mount -t proc proc /proc
                $b mount -t sysfs sysfs /sys
                $b mount -t devtmpfs dev /dev
                %s
                $b mount -t 9p -o trans=virtio,version=9p2000.L,msize=1048576,cache=loose,ro host /host
                $b mount -t tmpfs -o mode=0755 upper /upper
                $b mkdir /upper/files /upper/work
                $b mount -t overlay -o lowerdir=/host,upperdir=/upper/files,workdir=/upper/work root /root
                $b mount --bind /proc /root/proc
                $b mount --bind /sys /root/sys
                $b mount --bind /dev /root/dev
                $b mkdir -p /dev/shm /dev/pts
                $b mount -t tmpfs shm /dev/shm
                $b mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
                $b mount --bind /dev/shm /root/dev/shm
                $b mount --bind /dev/pts /root/dev/pts
                $b ln -s /proc/self/fd /dev/fd
                $b ln -s /proc/self/fd/0 /dev/stdin
                $b ln -s /proc/self/fd/1 /dev/stdout
                $b ln -s /proc/self/fd/2 /dev/stderr
                $b mount -t tmpfs -o mode=0755 run /root/run
                $b mkdir -p /root/run/lock /root/run/vmm-lab/scratch
                $b cp /bin/busybox /agent.jar /root/run/vmm-lab/
                $b mkdir -p /root/lib/modules/%s
                $b mount --bind '/root%s' /root/lib/modules/%s
                # The index is text, as busybox writes and reads it; another modprobe wants it compiled.
                $b ln -sf /run/vmm-lab/busybox /root/sbin/modprobe
                for applet in insmod lsmod rmmod; do
                  [ -e /root/sbin/$applet ] || $b ln -s /run/vmm-lab/busybox /root/sbin/$applet
                done
                $b mkdir -p '/root%s'
                $b mount -t 9p -o trans=virtio,version=9p2000.L,msize=1048576,cache=mmap share '/root%s'
                $b ip link set lo up
                $b hostname vmm-lab
                echo always > /sys/kernel/mm/transparent_hugepage/enabled
                ulimit -n 65536
                cd /
                $b chroot /root '%s' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx96m -Xshare:auto \
                  -cp /run/vmm-lab/agent.jar %s /run/vmm-lab/scratch /run/vmm-lab/busybox %d
                $b poweroff -f
                """.formatted(
                        insertModules,
                        kernel.version(),
                        kernel.modules(),
                        kernel.version(),
                        config.share(),
                        config.share(),
                        Path.of(System.getProperty("java.home"), "bin", "java"),
                        Agent.class.getName(),
                        config.idle().toSeconds());
    }

    /** The agent's classes, packed, so that a build beside the running lab does not change them under its feet. */
    private static byte[] agentJar() {
        try {
            Path source = Path.of(location());
            if (Files.isDirectory(source)) {
                return pack(source.resolve(AGENT_PACKAGE));
            }
            try (FileSystem jar = FileSystems.newFileSystem(source)) {
                return pack(jar.getPath(AGENT_PACKAGE));
            }
        } catch (IOException | URISyntaxException e) {
            throw new HostException("Cannot read the lab's own classes: " + e.getMessage() + ".", e);
        }
    }

    private static URI location() throws URISyntaxException {
        return Agent.class.getProtectionDomain().getCodeSource().getLocation().toURI();
    }

    private static byte[] pack(Path classes) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes);
                Stream<Path> files = Files.list(classes)) {
            zip.setMethod(ZipOutputStream.DEFLATED);
            for (Path file : files.sorted().toList()) {
                zip.putNextEntry(new ZipEntry(AGENT_PACKAGE + "/" + file.getFileName()));
                zip.write(Files.readAllBytes(file));
                zip.closeEntry();
            }
        }
        return bytes.toByteArray();
    }
}
