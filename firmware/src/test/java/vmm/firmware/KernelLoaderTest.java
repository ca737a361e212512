package vmm.firmware;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import vmm.firmware.boot.EntryState;
import vmm.firmware.linux.FakeBzImage;
import vmm.firmware.pvh.FakeElf;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

class KernelLoaderTest {
    @TempDir
    Path folder;

    private String refusal(Path kernel, Optional<Path> initrd) {
        GuestMemory memory = GuestMemory.detached(64 << 20);
        return String.valueOf(assertThrows(HostException.class, () -> KernelLoader.load(memory, kernel, initrd, "", 0))
                .getMessage());
    }

    private Path file(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
    }

    @Test
    void filesThatAreMissingEmptyOrFoldersAreNamed() throws IOException {
        Path kernel = file("vmlinuz", new FakeBzImage().toByteArray());
        Path missing = folder.resolve("missing");
        Path empty = file("empty", new byte[0]);
        for (Path bad : List.of(missing, empty, folder)) {
            String ofKernel = refusal(bad, Optional.empty());
            assertTrue(ofKernel.startsWith("The kernel " + bad + " "), ofKernel);
            String ofInitrd = refusal(kernel, Optional.of(bad));
            assertTrue(ofInitrd.startsWith("The initrd " + bad + " "), ofInitrd);
        }
        assertEquals(
                "The kernel " + missing + " does not exist: correct the path.", refusal(missing, Optional.empty()));
        assertEquals(
                "The kernel " + empty + " is empty: get it again from where it came from.",
                refusal(empty, Optional.empty()));
    }

    @Test
    void aFileThatIsNoKernelIsRefusedHoweverShort() throws IOException {
        for (byte[] content : List.of(
                new byte[] {0x7f},
                "#!/bin/sh\n".getBytes(StandardCharsets.US_ASCII),
                new byte[0x207],
                new byte[1 << 20])) {
            String message = refusal(file("other", content), Optional.empty());
            assertTrue(message.contains("other is not a bzImage or PVH ELF kernel, nor one for Multiboot: "), message);
        }
    }

    @Test
    void memoryTooSmallForAnyKernelIsRefused() throws IOException {
        Path kernel = file("vmlinuz", new FakeBzImage().toByteArray());
        GuestMemory memory = GuestMemory.detached(1 << 20);
        assertThrows(HostException.class, () -> KernelLoader.load(memory, kernel, Optional.empty(), "", 0));
    }

    static Stream<byte[]> kernels() {
        return Stream.of(
                new FakeBzImage().toByteArray(),
                FakeElf.wide().toByteArray(),
                FakeElf.narrow().toByteArray());
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void aDamagedKernelIsLoadedOrRefusedWithASentence(byte[] good) throws IOException {
        Random random = new Random(20_260_101);
        Path initrd = file("initrd", new byte[70_000]);
        Path kernel = folder.resolve("kernel");
        GuestMemory memory = GuestMemory.detached(32 << 20);
        int loaded = 0;
        int rounds = 1_000;
        for (int round = 0; round < rounds; round++) {
            byte[] bad = damaged(good, random);
            Files.write(kernel, bad);
            try {
                EntryState entry = KernelLoader.load(memory, kernel, Optional.of(initrd), "quiet", 0xe_0000);
                assertTrue(memory.contains(entry.rip(), 1), "the first instruction is in memory");
                loaded++;
            } catch (HostException e) {
                String message = String.valueOf(e.getMessage());
                assertTrue(message.endsWith("."), message);
            }
        }
        assertTrue(loaded > rounds / 100 && loaded < rounds * 99 / 100, loaded + " of " + rounds + " loaded");
    }

    /** A few bytes of the headers changed to random or extreme ones, and sometimes the end cut off. */
    private static byte[] damaged(byte[] good, Random random) {
        int length = random.nextInt(8) == 0 ? 1 + random.nextInt(good.length) : good.length;
        byte[] bad = Arrays.copyOf(good, length);
        int headers = Math.min(length, 0x290);
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            int start = random.nextInt(headers);
            int end = Math.min(headers, start + (1 << random.nextInt(4)));
            int kind = random.nextInt(3);
            for (int i = start; i < end; i++) {
                bad[i] = (byte) (kind == 0 ? 0 : kind == 1 ? -1 : random.nextInt());
            }
        }
        return bad;
    }

    @Test
    void kernelsOfADistributionAreLoaded() throws IOException {
        List<Path> kernels = distributionKernels();
        assumeFalse(kernels.isEmpty(), "no kernel of a distribution is in the cache folder or in /boot");
        for (Path kernel : kernels) {
            GuestMemory memory = GuestMemory.detached(256 << 20);
            EntryState entry = KernelLoader.load(
                    memory, kernel, Optional.of(file("initrd", new byte[1 << 20])), "console=ttyS0", 0xe_0000);
            byte[] file = Files.readAllBytes(kernel);
            long start = entry.rip() - 0x200;
            int payload = (file[0x1f1] + 1) * 512;
            byte[] loaded = new byte[file.length - payload];
            memory.read(start, loaded, 0, loaded.length);
            assertEquals(-1, Arrays.mismatch(loaded, Arrays.copyOfRange(file, payload, file.length)));
            assertEquals(255 << 20, memory.getInt(entry.rsi() + 0x218));
        }
    }

    /** Kernels that the project's own scripts or the distribution have put on this machine. */
    private static List<Path> distributionKernels() throws IOException {
        String cache = System.getenv("VMM_CACHE");
        List<Path> folders = List.of(
                cache == null ? Path.of(System.getProperty("user.home"), ".cache", "vmm") : Path.of(cache),
                Path.of("/boot"));
        List<Path> kernels = new ArrayList<>();
        for (Path place : folders) {
            if (Files.isDirectory(place)) {
                try (Stream<Path> files = Files.find(
                        place,
                        4,
                        (path, attributes) -> attributes.isRegularFile()
                                && path.getFileName().toString().startsWith("vmlinuz"))) {
                    kernels.addAll(files.toList());
                }
            }
        }
        return kernels;
    }
}
