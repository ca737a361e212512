package vmm.guests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A guest that comes with the VMM: a 64-bit ELF file of at most 16 KiB with a PVH entry point, that talks on the first
 * serial port and leaves through the debug exit port (0xF4).
 *
 * <p>A guest that reaches its end writes {@link #SUCCESS} there, which makes the VMM's exit status
 * {@link #SUCCESS_STATUS}.
 */
public enum BuiltinGuest {
    /**
     * Lists the functions of PCI bus 0 and reads the first and the last block of every disk on a virtio-blk or
     * virtio-scsi function, by polling. Prints each function, each disk with its serial number and size, and each
     * block's number, CRC-32 and first 16 bytes; then one last line that starts with {@code Finished:} or
     * {@code Failed:}.
     *
     * <p>BARs must have their addresses, of 32 or 64 bits. Failures end with other values at the debug exit port, the
     * first one counts: 0x11 no disk, 0x12 no registers found, 0x13 VERSION_1 refused, 0x14 no queue, 0x15 no answer in
     * time, 0x16 a request failed. Without that port the guest powers the machine off (PIIX4), or resets it, or halts.
     */
    DISKS("disks"),

    /**
     * Keeps virtio disks busy from CPL 3, by polling, and prints how they did; or writes records that can be looked for
     * after a crash. Its command line has jobs of {@code KEY=VALUE} words with {@code then} between them; what a job
     * does not say is as in the one before:
     *
     * <ul>
     *   <li>{@code dev=blk|scsi}, {@code devices=} how many of them, {@code queues=} of each, {@code luns=} of target 0
     *   <li>{@code rw=randread|randwrite|read|write|records}, {@code bs=} in bytes, {@code qd=} requests in each queue
     *   <li>{@code seconds=} with up to three decimals; 0 for records means until the end
     *   <li>{@code flush-every=} so many records, {@code seed=} of the random blocks
     *   <li>{@code think-ns=} nanoseconds from an answer to the next request
     *   <li>{@code event_idx=0|1}, {@code indirect=0|1}: whether these features are used if they are offered
     * </ul>
     *
     * <p>A job prints {@code begin} and its words when it starts. A measuring one ends with a line that adds, as
     * {@code KEY=VALUE}: {@code ios}, {@code ns} (elapsed), {@code kicks} (notifications sent), {@code p50},
     * {@code p99} and {@code max} (nanoseconds from submission to completion) and {@code errors}. A writing one prints
     * {@code promised N} each time that a flush has made all records up to the N-th stable. The last line is
     * {@code Finished} or starts with {@code Failed:}; failures end as those of {@link #DISKS}, or with 0x17 no timer,
     * 0x18 too little memory, 0x19 bad command line.
     */
    LOAD("load"),

    /**
     * Drives every virtio-blk function, and LUN 0 of target 0 of every virtio-scsi function, by each interface that it
     * has, in turns: {@code modern} (virtio 1.0 and later) and {@code legacy} (before it). Each time it reads the first
     * and the last block of 512 bytes and prints them as {@link #DISKS} does, a legacy device's first one before
     * DRIVER_OK is set; then it resets the device many times with requests in flight, and fails if memory is written
     * after that. Its last line is {@code Finished: N disks} or starts with {@code Failed:}; failures end as those of
     * {@link #DISKS}.
     */
    TRANSPORTS("transports"),

    /** Prints {@code V} as its first act and leaves. */
    FIRST_BYTE("first-byte"),

    /** Prints {@code >}, then sends back what it receives, up to and including a {@code q}, and leaves. */
    ECHO("echo"),

    /**
     * Prints {@code B} and waits for the ACPI power button: for its interrupt, and its status that comes and goes. Then
     * it prints {@code P} and powers the machine off. Anything else ends with 0x11 at the debug exit port.
     */
    POWER_BUTTON("power-button"),

    /**
     * Does with the PCI bus's slots what an operating system does, without their devices: prints {@code B}, then
     * {@code I} for each time that it finds something inserted, and {@code E} when it has ejected what it was asked
     * for. It takes bytes: {@code n} has it refuse by _OST (81h) from now on, and print {@code R} for each time,
     * {@code i} has it ignore what it is asked for, {@code y} has it eject again; it prints a dot for each of these.
     * {@code r} resets the machine, {@code q} has it leave.
     */
    SLOTS("slots"),

    /** Prints {@code R} and resets the machine through the reset control register (0xCF9). */
    RESET("reset"),

    /** Prints {@code T} and shuts the processor down by a triple fault. */
    TRIPLE_FAULT("triple-fault"),

    /** Prints {@code U} and runs into an instruction that KVM cannot emulate, since nothing is at its address. */
    UNEMULATED("unemulated");

    /** What a guest writes to the debug exit port after a good run. */
    public static final int SUCCESS = 0x10;

    /** The VMM's exit status after a good run. */
    public static final int SUCCESS_STATUS = (SUCCESS << 1) | 1;

    private final String fileName;

    BuiltinGuest(String name) {
        this.fileName = name + ".elf";
    }

    /** The file's name. */
    public String fileName() {
        return fileName;
    }

    /** The file's contents. */
    public byte[] bytes() {
        return GuestFile.read(fileName);
    }

    /**
     * Writes the file into a directory, under its own name.
     *
     * @return the file
     */
    public Path extract(Path directory) throws IOException {
        return Files.write(directory.resolve(fileName), bytes());
    }
}
