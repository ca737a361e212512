package vmm.lab;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.linux.HostException;

class InitramfsTest {
    @TempDir
    Path folder;

    private record Found(long mode, String content) {}

    private Map<String, Found> read(Initramfs initramfs) throws IOException {
        Path file = folder.resolve("initramfs.gz");
        initramfs.write(file);
        Map<String, Found> entries = new LinkedHashMap<>();
        try (CpioArchiveInputStream cpio =
                new CpioArchiveInputStream(new GZIPInputStream(Files.newInputStream(file)))) {
            for (CpioArchiveEntry entry = cpio.getNextEntry(); entry != null; entry = cpio.getNextEntry()) {
                entries.put(
                        entry.getName(),
                        new Found(entry.getMode(), new String(cpio.readAllBytes(), StandardCharsets.UTF_8)));
            }
        }
        return entries;
    }

    @Test
    void entriesComeAfterTheFoldersAboveThem() throws IOException {
        Map<String, Found> entries = read(new Initramfs()
                .script("/init", "#!/bin/sh\n")
                .text("/etc/x/motd", "hi\n")
                .link("/bin/sh", "busybox"));
        assertEquals(List.of("init", "etc", "etc/x", "etc/x/motd", "bin", "bin/sh"), new ArrayList<>(entries.keySet()));
        assertEquals(new Found(0100755, "#!/bin/sh\n"), entries.get("init"));
        assertEquals(new Found(0040755, ""), entries.get("etc/x"));
        assertEquals(new Found(0100644, "hi\n"), entries.get("etc/x/motd"));
        assertEquals(new Found(0120777, "busybox"), entries.get("bin/sh"));
    }

    @Test
    void aProgramBringsItsLibrariesAndItsLoader() throws IOException {
        Map<String, Found> entries = read(new Initramfs().program(Path.of("/bin/ls")));
        assertTrue(entries.containsKey("bin/ls"));
        assertTrue(entries.keySet().stream().anyMatch(name -> name.contains("/libc.so")), entries.keySet()::toString);
        assertTrue(entries.keySet().stream().anyMatch(name -> name.contains("ld-linux")), entries.keySet()::toString);
    }

    @Test
    void theSameContentGivesTheSameArchive() throws IOException {
        Path one = folder.resolve("one");
        Path two = folder.resolve("two");
        new Initramfs().text("/a", "a").write(one);
        new Initramfs().text("/a", "a").write(two);
        assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(two));
    }

    @Test
    void aFailureLeavesNeitherAPartNorAChange() throws IOException {
        Path file = folder.resolve("archive");
        Files.writeString(file, "before");
        Initramfs initramfs = new Initramfs().file("/x", folder.resolve("missing"));
        assertThrows(HostException.class, () -> initramfs.write(file));
        assertEquals("before", Files.readString(file));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void modulesComeAfterWhatTheyNeedAndAreUnpacked() throws IOException, InterruptedException {
        KernelPackage kernel = kernel();
        Initramfs initramfs = new Initramfs().modules(kernel, List.of("sd-mod x=1 y=2", "virtio_pci", "ext_built_in"));
        Map<String, Found> entries = read(initramfs);
        assertEquals(
                List.of(
                        "modules",
                        "modules/000-scsi_common.ko",
                        "modules/001-scsi_mod.ko",
                        "modules/002-sd_mod.ko",
                        "modules/003-virtio.ko",
                        "modules/004-virtio_pci.ko"),
                new ArrayList<>(entries.keySet()));
        assertEquals(new Found(0100644, "virtio"), entries.get("modules/003-virtio.ko"));
        List<String> lines = initramfs.insertModules().lines().toList();
        assertEquals(5, lines.size());
        assertEquals("/bin/busybox insmod /modules/002-sd_mod.ko x=1 y=2", lines.get(2));
    }

    @Test
    void aModuleThatTheKernelHasNotIsNamed() throws IOException, InterruptedException {
        KernelPackage kernel = kernel();
        HostException trouble = assertThrows(HostException.class, () -> kernel.inOrder(List.of("floppy")));
        assertEquals("The kernel 1.2.3 has no module floppy.", trouble.getMessage());
    }

    private KernelPackage kernel() throws IOException, InterruptedException {
        Path tree = folder.resolve("tree");
        Path modules = Files.createDirectories(tree.resolve("lib/modules/1.2.3"));
        Files.createDirectories(tree.resolve("boot"));
        Files.writeString(tree.resolve("boot/vmlinuz-1.2.3"), "kernel");
        for (String name : List.of("scsi_common", "scsi_mod", "sd_mod", "virtio", "virtio_pci")) {
            Files.writeString(modules.resolve(name + ".ko"), name);
        }
        new ProcessBuilder("xz", modules.resolve("virtio.ko").toString())
                .start()
                .waitFor();
        Files.writeString(modules.resolve("modules.builtin"), "kernel/fs/ext-built-in.ko\n");
        Files.writeString(modules.resolve("modules.dep"), """
                sd_mod.ko: scsi_mod.ko scsi_common.ko
                scsi_mod.ko: scsi_common.ko
                scsi_common.ko:
                virtio_pci.ko: virtio.ko.xz
                virtio.ko.xz:
                """);
        return KernelPackage.open(tree).orElseThrow();
    }
}
