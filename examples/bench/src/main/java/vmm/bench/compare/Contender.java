package vmm.bench.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One way to run a guest: a VMM and what it is told about the image. */
sealed interface Contender {
    /** What the table calls it. */
    String name();

    /**
     * The command line that runs the guest on one virtual processor with one disk. The guest talks on the standard
     * output and may leave through the debug exit port.
     */
    List<String> command(Path guest, String commandLine, Path image, Row.Bus bus);

    /** Whether this is the name of a thread that does nothing but run guest code. */
    boolean runsGuestCode(String thread);

    /**
     * This project's.
     *
     * @param vmm the {@code vmm} command
     * @param diskOptions more {@code ,KEY=VALUE} for the disk, or nothing
     */
    record Ours(Path vmm, String diskOptions) implements Contender {
        @Override
        public String name() {
            return "ours";
        }

        @Override
        public List<String> command(Path guest, String commandLine, Path image, Row.Bus bus) {
            String disk = "file=" + image + ",bus=" + (bus == Row.Bus.BLK ? "virtio" : "scsi") + diskOptions;
            return List.of(
                    vmm.toString(),
                    "run",
                    "--memory",
                    MEMORY_MIB + "M",
                    "--kernel",
                    guest.toString(),
                    "--append",
                    commandLine,
                    "--debug-exit",
                    "--disk",
                    disk);
        }

        @Override
        public boolean runsGuestCode(String thread) {
            return thread.startsWith("vcpu-");
        }
    }

    /** QEMU with an I/O thread, as fast as it goes by one of its ways to read files. */
    record Qemu(Aio aio) implements Contender {
        /** The values of QEMU's {@code aio=}. */
        enum Aio {
            /** Linux AIO, which wants O_DIRECT. */
            NATIVE,
            /** io_uring */
            IO_URING,
            /** A pool of threads. */
            THREADS;

            String word() {
                return name().toLowerCase(java.util.Locale.ROOT);
            }
        }

        @Override
        public String name() {
            return aio.word();
        }

        @Override
        public List<String> command(Path guest, String commandLine, Path image, Row.Bus bus) {
            // A named processor model without what some KVMs refuse, which a guest that polls does not miss.
            List<String> command = new ArrayList<>(List.of("qemu-system-x86_64", "-M", "pc", "-accel", "kvm"));
            command.addAll(List.of("-cpu", "qemu64,-cx16", "-m", Integer.toString(MEMORY_MIB), "-nodefaults"));
            command.addAll(List.of("-name", "guest=load,debug-threads=on", "-display", "none", "-serial", "stdio"));
            command.addAll(List.of("-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"));
            command.addAll(List.of("-kernel", guest.toString(), "-append", commandLine));
            command.addAll(List.of("-object", "iothread,id=worker", "-blockdev", blockdev(image)));
            switch (bus) {
                case BLK ->
                    command.addAll(List.of("-device", "virtio-blk-pci,disable-legacy=on,drive=disk,iothread=worker"));
                case SCSI ->
                    command.addAll(List.of(
                            "-device",
                            "virtio-scsi-pci,disable-legacy=on,id=hba,iothread=worker",
                            "-device",
                            "scsi-hd,drive=disk,bus=hba.0,scsi-id=0,lun=0"));
            }
            return command;
        }

        private String blockdev(Path image) {
            return "driver=file,node-name=disk,filename=" + image + ",aio=" + aio.word()
                    + (aio == Aio.NATIVE ? ",cache.direct=on" : "");
        }

        @Override
        public boolean runsGuestCode(String thread) {
            return thread.startsWith("CPU ");
        }
    }

    /** Memory of every guest. */
    int MEMORY_MIB = 128;
}
