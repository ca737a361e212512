package vmm.firmware;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import vmm.firmware.boot.EntryState;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

/** A guest's memory and a folder with its kernel and initrd. */
public final class BootFixture {
    private final Path folder;
    private final GuestMemory memory;
    private Optional<Path> initrd = Optional.empty();
    private String commandLine = "console=ttyS0";

    /** Memory in bytes. */
    public BootFixture(Path folder, long size) {
        this.folder = folder;
        this.memory = GuestMemory.detached(size);
    }

    /** The guest's memory. */
    public GuestMemory memory() {
        return memory;
    }

    /** Gives the guest an initrd. */
    public BootFixture initrd(byte[] content) {
        return initrd(file("initrd", content));
    }

    /** Gives the guest what this names. */
    public BootFixture initrd(Path file) {
        initrd = Optional.of(file);
        return this;
    }

    /** Gives the guest a command line. */
    public BootFixture commandLine(String text) {
        commandLine = text;
        return this;
    }

    /** A file in the folder. */
    public Path file(String name, byte[] content) {
        try {
            return Files.write(folder.resolve(name), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Loads a kernel with an RSDP at 0xE0000. */
    public EntryState load(byte[] kernel) {
        return load(file("kernel", kernel));
    }

    /** Loads a kernel with an RSDP at 0xE0000. */
    public EntryState load(Path kernel) {
        return KernelLoader.load(memory, kernel, initrd, commandLine, 0xe_0000);
    }

    /** Checks that a kernel is refused with a sentence that has all these parts and the kernel's name. */
    public void assertRefused(byte[] kernel, String... parts) {
        HostException e = assertThrows(HostException.class, () -> load(kernel));
        String message = String.valueOf(e.getMessage());
        assertTrue(message.endsWith("."), message);
        assertEquals(1, message.lines().count(), message);
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "\"" + part + "\" is not in: " + message);
        }
    }

    /** The bytes up to a zero. */
    public String text(long address) {
        StringBuilder text = new StringBuilder();
        for (long at = address; memory.getByte(at) != 0; at++) {
            text.append((char) memory.getByte(at));
        }
        return text.toString();
    }
}
