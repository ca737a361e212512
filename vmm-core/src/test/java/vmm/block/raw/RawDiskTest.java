package vmm.block.raw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import vmm.block.Allocations;
import vmm.block.BlockDevices;
import vmm.block.BlockOptions;
import vmm.block.BlockQueue;
import vmm.block.TestRequest;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.linux.Errno;
import vmm.linux.HostException;

@Timeout(60)
class RawDiskTest {
    private final EventLoop loop = EventLoops.start("disk test");

    @TempDir
    Path folder;

    @AfterEach
    void end() {
        loop.close();
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aFileThatShrankIsAnErrorAndNotZeros(Engine engine) throws Exception {
        Path file = image("shrinks", 65536);
        try (RawDisk disk = RawDisk.open(BlockOptions.of(file.toString(), false), engine)) {
            BlockQueue queue = disk.openQueue(loop);
            resize(file, 32768);
            assertEquals(0, TestRequest.read(0, 32768).run(loop, queue));
            assertEquals(Errno.EIO, TestRequest.read(32768, 4096).run(loop, queue));
            assertEquals(Errno.EIO, TestRequest.read(32768 - 512, 1024).run(loop, queue));
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aRequestBeyondTheEndIsRefusedAndDoesNotGrowTheFile(Engine engine) throws Exception {
        Path file = image("bounds", 8192);
        try (RawDisk disk = RawDisk.open(BlockOptions.of(file.toString(), false), engine)) {
            BlockQueue queue = disk.openQueue(loop);
            assertEquals(Errno.EINVAL, TestRequest.write(8192, new byte[512]).run(loop, queue));
            assertEquals(Errno.EINVAL, TestRequest.write(7680, new byte[1024]).run(loop, queue));
            assertEquals(Errno.EINVAL, TestRequest.read(-512, 512).run(loop, queue));
            assertEquals(Errno.EINVAL, TestRequest.read(Long.MAX_VALUE, 512).run(loop, queue));
            assertEquals(0, TestRequest.read(8192, 0).run(loop, queue));
        }
        assertEquals(8192, Files.size(file));
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aReadOnlyDiskRefusesWritesAndAnswersFlushes(Engine engine) throws Exception {
        Path file = image("ro", 4096);
        try (RawDisk disk = RawDisk.open(BlockOptions.of(file.toString(), true), engine)) {
            BlockQueue queue = disk.openQueue(loop);
            assertEquals(Errno.EROFS, TestRequest.write(0, new byte[512]).run(loop, queue));
            assertEquals(0, TestRequest.flush().run(loop, queue));
            assertEquals(0, TestRequest.read(0, 4096).run(loop, queue));
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aFullFileSystemIsReportedAsSuch(Engine engine) throws Exception {
        Path small = Files.createDirectory(folder.resolve("small"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small.toString()) == 0, "mounting needs root");
        try {
            Path file = small.resolve("disk.img");
            Files.createFile(file);
            resize(file, 1 << 20);
            try (RawDisk disk = RawDisk.open(BlockOptions.of(file.toString(), false), engine)) {
                BlockQueue queue = disk.openQueue(loop);
                assertEquals(
                        Errno.ENOSPC, TestRequest.write(0, new byte[1 << 20]).run(loop, queue));
                assertEquals(0, TestRequest.read(0, 1 << 20).run(loop, queue));
            }
        } finally {
            assertEquals(0, run("umount", small.toString()));
        }
    }

    @Test
    void theEngineFitsTheFile() throws Exception {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory), "/dev/shm is not there");
        Path file = Files.createTempFile(memory, "vmm-test", ".img");
        try {
            Files.write(file, new byte[512]);
            try (RawDisk disk = RawDisk.open(file.toString(), false)) {
                assertEquals(Engine.SYNCHRONOUS, disk.engine());
            }
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void aBlockDeviceHasTheSizeOfItsMedium() throws Exception {
        Path file = image("loop", 1 << 20);
        Process losetup = new ProcessBuilder("losetup", "--find", "--show", file.toString()).start();
        String device = new String(losetup.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assumeTrue(losetup.waitFor() == 0, "there are no loop devices");
        try (RawDisk disk = RawDisk.open(device.strip(), false)) {
            assertEquals(1 << 20, disk.size());
            assertEquals(Engine.RING, disk.engine());
            BlockQueue queue = disk.openQueue(loop);
            assertEquals(0, TestRequest.write(4096, new byte[] {1, 2, 3, 4}).run(loop, queue));
            assertEquals(0, TestRequest.flush().run(loop, queue));
            assertEquals(3, Files.readAllBytes(file)[4098]);
            refused(Path.of(device.strip()), false, "is mounted or otherwise in use by the host: unmount it first");
        } finally {
            run("losetup", "--detach", device.strip());
        }
    }

    @Test
    void whatCannotBeADiskIsRefusedWithASentence() throws Exception {
        refused(folder.resolve("absent.img"), false, "does not exist: correct the path, or create it with truncate");
        refused(folder, false, "is a directory: name an image file or a block device.");
        refused(Path.of("/dev/null"), true, "is neither a file nor a block device");
        refused(image("empty", 0), false, "is empty: give it a size, as with truncate -s 10G ");
        refused(
                image("odd", 1000),
                false,
                "has 1000 bytes, which is no multiple of 512: grow it with truncate -s 1024 ");
        refused(image("file", 512).resolve("below"), false, "does not exist");
        refused(folder.resolve("absent.iso"), true, "does not exist: correct the path.");
        refused(image("empty.iso", 0), true, "is empty: name an image with something in it.");
        refused(image("odd.iso", 1000), true, "no multiple of 512: it may not have been copied as a whole.");
        Path pipe = folder.resolve("pipe");
        if (run("mkfifo", pipe.toString()) == 0) {
            refused(pipe, false, "is neither a file nor a block device");
        }
    }

    @Test
    void aDiskOnAReadOnlyFileSystemOpensOnlyReadOnly() throws Exception {
        Path mount = Files.createDirectory(folder.resolve("mount"));
        assumeTrue(run("mount", "-t", "tmpfs", "tmpfs", mount.toString()) == 0, "mounting needs root");
        try {
            Path file = mount.resolve("disk.img");
            Files.write(file, new byte[512]);
            assertEquals(0, run("mount", "-o", "remount,ro", mount.toString()));
            refused(file, false, "cannot be opened for writing: read-only file system; use it readonly");
            RawDisk.open(file.toString(), true).close();
        } finally {
            assertEquals(0, run("umount", mount.toString()));
        }
    }

    @Test
    void aWritableDiskIsNobodyElses() throws Exception {
        Path file = image("locked", 512);
        try (RawDisk disk = RawDisk.open(file.toString(), false)) {
            assertEquals(512, disk.size());
            refused(file, false, "is in use by this virtual machine already");
            refused(file, true, "is in use by this virtual machine already");
        }
        try (RawDisk first = RawDisk.open(file.toString(), true);
                RawDisk second = RawDisk.open(file.toString(), true)) {
            assertEquals(first.size(), second.size());
            refused(file, false, "is in use by this virtual machine already");
        }
        RawDisk.open(file.toString(), false).close();
    }

    @Test
    void aShareableDiskIsWrittenByAllWhoSayTheSame() throws Exception {
        Path file = image("shared", 512);
        BlockOptions shared = new BlockOptions(
                file.toString(),
                false,
                BlockOptions.Format.RAW,
                BlockOptions.Cache.WRITEBACK,
                BlockOptions.Aio.AUTO,
                true,
                true);
        try (RawDisk first = RawDisk.open(shared);
                RawDisk second = RawDisk.open(shared)) {
            assertEquals(first.size(), second.size());
            refused(file, false, "is in use by this virtual machine already");
        }
        try (RawDisk alone = RawDisk.open(file.toString(), false)) {
            assertEquals(512, alone.size());
            assertThrows(HostException.class, () -> RawDisk.open(shared));
        }
    }

    @Test
    void aDiskThatAnotherProcessHoldsIsRefusedAndTheProcessNamed() throws Exception {
        Path file = image("other", 512);
        Path program = folder.resolve("Holder.java");
        Files.writeString(program, """
                void main(String[] arguments) throws Exception {
                    vmm.block.raw.RawDisk.open(arguments[0], false);
                    System.out.println("held");
                    System.in.read();
                }
                """);
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        String classes = System.getProperty("jdk.module.path", "") + ":" + System.getProperty("java.class.path", "");
        Process holder = new ProcessBuilder(
                        java.toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        classes,
                        program.toString(),
                        file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var output = holder.inputReader()) {
            assertEquals("held", output.readLine());
            refused(file, false, "is in use by process " + holder.pid() + ": stop it first, or use another image.");
            refused(file, true, "is in use by process " + holder.pid() + ": stop it first, or use the disk readonly");
        } finally {
            holder.destroyForcibly().waitFor();
        }
        // A killed process leaves no lock behind.
        RawDisk.open(file.toString(), false).close();
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aRequestAllocatesNothing(Engine engine) throws Exception {
        Path file = image("steady", 1 << 20);
        try (RawDisk disk = RawDisk.open(BlockOptions.of(file.toString(), false), engine)) {
            BlockQueue queue = disk.openQueue(loop);
            cycle(queue, 30_000);
            long before = loop.call(Allocations::ofCurrentThread);
            cycle(queue, 100_000);
            long allocated = loop.call(Allocations::ofCurrentThread) - before;
            // The messages of this test are a few kilobytes; one object for each request would be over a megabyte.
            assertTrue(allocated < 100_000, allocated + " bytes for 100,000 requests");
        }
    }

    /** Runs {@code count} requests, eight at a time, each restarted by a message to itself when it ends. */
    private void cycle(BlockQueue queue, int count) throws InterruptedException {
        int depth = 8;
        List<Cyclist> cyclists = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            cyclists.add(new Cyclist(queue, count / depth));
        }
        loop.post(() -> {
            for (Cyclist cyclist : cyclists) {
                cyclist.go();
            }
        });
        for (Cyclist cyclist : cyclists) {
            assertEquals(0, cyclist.await());
        }
    }

    private static final class Cyclist extends TestRequest {
        private final BlockQueue queue;
        private final long address;
        private int left;
        private boolean running;

        Cyclist(BlockQueue queue, int count) {
            super(4096);
            this.queue = queue;
            this.left = count;
            this.address = memory.address();
        }

        /** A loop rather than a recursion, since a request may end before its submission returns. */
        void go() {
            if (running) {
                return;
            }
            running = true;
            int before;
            do {
                before = left;
                data().clear();
                data().add(address, 4096);
                Operation operation =
                        left % 50 == 0 ? Operation.FLUSH : left % 5 == 0 ? Operation.WRITE : Operation.READ;
                prepare(operation, (left & 255) * 4096L);
                queue.submit(this);
            } while (left > 0 && left < before);
            running = false;
        }

        @Override
        public void completed(int errno) {
            left--;
            if (errno != 0 || left == 0) {
                this.errno = errno;
            } else {
                go();
            }
        }
    }

    private void refused(Path path, boolean readOnly, String sentence) {
        HostException refusal = assertThrows(HostException.class, () -> BlockDevices.open(path.toString(), readOnly));
        String message = String.valueOf(refusal.getMessage());
        assertTrue(message.startsWith("Disk " + path + " ") && message.contains(sentence), message);
    }

    private Path image(String name, int size) throws IOException {
        return Files.write(folder.resolve(name), new byte[size]);
    }

    private static void resize(Path file, long size) throws IOException {
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(size);
        }
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    @Test
    void anImageThatLooksLikeAnotherFormatIsRefusedUnlessItIsSaidToBeRaw() throws Exception {
        Path file = image("disk.qcow2", 1 << 20);
        try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "rw")) {
            content.write(new byte[] {'Q', 'F', 'I', (byte) 0xfb});
        }
        refused(file, false, "begins as a qcow2 image does: say format=qcow2 if it is one, or format=raw if");
        refused(file, true, "begins as a qcow2 image does");
        BlockOptions usual = BlockOptions.of(file.toString(), false);
        BlockOptions raw = new BlockOptions(
                usual.source(), false, BlockOptions.Format.RAW, usual.cache(), usual.aio(), usual.unmap());
        BlockDevices.open(raw).close();
    }
}
