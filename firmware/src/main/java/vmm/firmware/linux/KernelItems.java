package vmm.firmware.linux;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import vmm.firmware.boot.BootData;
import vmm.firmware.boot.BootFile;
import vmm.firmware.boot.MemoryMap;
import vmm.firmware.fwcfg.Content;
import vmm.firmware.fwcfg.Items;
import vmm.firmware.fwcfg.Key;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

/**
 * A bzImage that firmware starts, as items of fw_cfg. OVMF starts it itself; a BIOS is given an option ROM that does,
 * by Linux's 16-bit boot protocol (Documentation/arch/x86/boot.rst).
 */
public final class KernelItems {
    /** What a BIOS calls the option ROM in the order of devices to start from. */
    public static final String BOOT_PATH = "/rom@genroms/linux-loader.bin";

    private static final String ROM_FILE = "genroms/linux-loader.bin";
    private static final String ROM = "linux-loader.rom";

    /** Where the real-mode part goes; behind its 64 KiB comes the command line. */
    private static final int SETUP_ADDRESS = 0x1_0000;

    private static final int COMMAND_LINE_ADDRESS = 0x2_0000;

    /** Of RAM below 4 GiB, the end, where firmware keeps its tables. */
    private static final long FIRMWARE_ROOM = 1 << 20;

    private static final int TYPE_OF_LOADER = 0x210;
    private static final int LOADFLAGS = 0x211;
    private static final int RAMDISK_IMAGE = 0x218;
    private static final int RAMDISK_SIZE = 0x21c;
    private static final int HEAP_END_PTR = 0x224;
    private static final int CMD_LINE_PTR = 0x228;

    private static final int UNDEFINED_LOADER = 0xff;
    private static final int CAN_USE_HEAP = 0x80;

    /** The end of the heap less 0x200, which is where the stack begins that the option ROM gives the kernel. */
    private static final int HEAP_END = 0xfe00;

    private static final int PAGE = 4096;

    private KernelItems() {}

    /**
     * Adds a kernel's items.
     *
     * @param kernel stays open as long as the device
     * @param initrd the same
     * @throws HostException if it is no bzImage for x86-64, or does not fit
     */
    public static void addTo(
            Items items, GuestMemory memory, BootFile kernel, Optional<BootFile> initrd, String commandLine) {
        if (!BzImage.matches(kernel)) {
            throw new HostException("The kernel " + kernel.path()
                    + " is not a bzImage, which is all that firmware starts: leave --firmware out, or give a vmlinuz.");
        }
        SetupHeader header = SetupHeader.read(kernel);
        byte[] setup = new byte[(int) header.payload()];
        kernel.read(0, setup.length).get(setup);
        ByteBuffer parameters = ByteBuffer.wrap(setup).order(ByteOrder.LITTLE_ENDIAN);
        parameters.put(TYPE_OF_LOADER, (byte) UNDEFINED_LOADER);
        parameters.put(LOADFLAGS, (byte) (parameters.get(LOADFLAGS) | CAN_USE_HEAP));
        parameters.putShort(HEAP_END_PTR, (short) HEAP_END);
        parameters.putInt(CMD_LINE_PTR, COMMAND_LINE_ADDRESS);
        long initrdSize = initrd.map(BootFile::size).orElse(0L);
        long initrdAddress =
                initrd.isPresent() ? initrdAddress(memory, kernel, header, initrd.get()) : MemoryMap.KERNEL_START;
        parameters.putInt(RAMDISK_IMAGE, initrdSize == 0 ? 0 : (int) initrdAddress);
        parameters.putInt(RAMDISK_SIZE, (int) initrdSize);

        items.add(Key.SETUP_ADDRESS, Content.u32(SETUP_ADDRESS))
                .add(Key.SETUP_SIZE, Content.u32(setup.length))
                .add(Key.SETUP_DATA, Content.of(setup))
                .add(Key.KERNEL_ADDRESS, Content.u32(MemoryMap.KERNEL_START))
                .add(Key.KERNEL_SIZE, Content.u32(header.payloadSize()))
                .add(Key.KERNEL_DATA, Content.of(kernel, header.payload(), header.payloadSize()))
                .add(Key.INITRD_ADDRESS, Content.u32(initrdAddress))
                .add(Key.INITRD_SIZE, Content.u32(initrdSize))
                .add(ROM_FILE, Content.of(rom()));
        initrd.ifPresent(file -> items.add(Key.INITRD_DATA, Content.of(file, 0, file.size())));
        addCommandLine(items, header, commandLine);
    }

    private static long initrdAddress(GuestMemory memory, BootFile kernel, SetupHeader header, BootFile initrd) {
        long end = Math.min(BootData.lowEnd(memory) - FIRMWARE_ROOM, header.initrdLimit());
        long address = (end - initrd.size()) & -PAGE;
        long kernelEnd = Math.max(header.address(), MemoryMap.KERNEL_START) + header.memorySize();
        if (address < kernelEnd) {
            throw new HostException("The kernel " + kernel.path() + " and the initrd " + initrd.path()
                    + " do not fit into the memory: give the guest more.");
        }
        return address;
    }

    private static void addCommandLine(Items items, SetupHeader header, String commandLine) {
        byte[] text = (commandLine + "\0").getBytes(StandardCharsets.UTF_8);
        if (text.length > Math.min(header.commandLineLimit(), BootData.COMMAND_LINE_SIZE)) {
            throw new HostException("The kernel's command line has " + (text.length - 1)
                    + " bytes, which is more than this kernel takes: shorten --append.");
        }
        items.add(Key.COMMAND_LINE_ADDRESS, Content.u32(COMMAND_LINE_ADDRESS))
                .add(Key.COMMAND_LINE_SIZE, Content.u32(text.length))
                .add(Key.COMMAND_LINE_DATA, Content.of(text));
    }

    /** The option ROM, with the checksum that makes all its bytes add up to 0. */
    static byte[] rom() {
        try (InputStream file = KernelItems.class.getResourceAsStream(ROM)) {
            if (file == null) {
                throw new IllegalStateException("The option ROM " + ROM + " is missing from this build.");
            }
            byte[] rom = file.readAllBytes();
            int last = rom.length - 1;
            for (byte b : Arrays.copyOf(rom, last)) {
                rom[last] -= b;
            }
            return rom;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
