package vmm.bench.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import vmm.bench.Bus;

/** One way to run a guest: a VMM and what it is told about the image. */
sealed interface Contender {
    /** What the table calls it. */
    String name();

    /**
     * The command line that runs the guest on one virtual processor with one disk. The guest talks on the standard
     * output and may leave through the debug exit port.
     */
    List<String> command(Guest guest, String commandLine, Path image, Bus bus);

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
        public List<String> command(Guest guest, String commandLine, Path image, Bus bus) {
            List<String> command = new ArrayList<>(List.of(vmm.toString(), "run", "--no-reboot", "--debug-exit"));
            command.addAll(List.of("--memory", guest.memoryMib() + "M"));
            command.addAll(List.of("--kernel", guest.kernel().toString(), "--append", commandLine));
            guest.initrd().ifPresent(initrd -> command.addAll(List.of("--initrd", initrd.toString())));
            String kind = bus == Bus.BLK ? "virtio" : "scsi";
            command.addAll(List.of("--disk", "file=" + image + ",bus=" + kind + diskOptions));
            return command;
        }

        @Override
        public boolean runsGuestCode(String thread) {
            return thread.startsWith("vcpu-");
        }
    }

    /**
     * QEMU with an I/O thread.
     *
     * @param aio its way to read files
     * @param tuning what else it is told
     */
    record Qemu(Aio aio, Tuning tuning) implements Contender {
        /** The values of QEMU's {@code aio=}. */
        enum Aio {
            /** Linux AIO, which wants O_DIRECT. */
            NATIVE,
            /** io_uring */
            IO_URING,
            /** A pool of threads. */
            THREADS;

            String word() {
                return name().toLowerCase(Locale.ROOT);
            }
        }

        /** What is not as QEMU has it by itself. Each is the best of them for some kind of load. */
        enum Tuning {
            /** Nothing. */
            USUAL,
            /**
             * No EVENT_IDX. QEMU 7.2 asks for a doorbell after each answer that it did not wait for, looks for requests
             * a moment later, and then wants none. With EVENT_IDX a guest is bound by the first of the two, and with
             * flags by whichever holds when it asks.
             */
            FLAGS,
            /** An I/O thread that looks for work for a millisecond before it sleeps, not for 32 microseconds. */
            PATIENT;

            private String ofDevice() {
                return this == FLAGS ? ",event_idx=off" : "";
            }

            private String ofThread() {
                return this == PATIENT ? ",poll-max-ns=1000000" : "";
            }
        }

        @Override
        public String name() {
            return aio.word()
                    + (tuning == Tuning.USUAL ? "" : "+" + tuning.name().toLowerCase(Locale.ROOT));
        }

        @Override
        public List<String> command(Guest guest, String commandLine, Path image, Bus bus) {
            List<String> command = new ArrayList<>(List.of("qemu-system-x86_64", "-M", "pc", "-accel", "kvm"));
            command.addAll(List.of("-cpu", guest.qemuCpu(), "-m", Integer.toString(guest.memoryMib()), "-nodefaults"));
            command.addAll(List.of("-name", "guest=compare,debug-threads=on", "-display", "none", "-serial", "stdio"));
            command.addAll(List.of("-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"));
            command.addAll(List.of("-kernel", guest.kernel().toString(), "-append", commandLine));
            guest.initrd().ifPresent(initrd -> command.addAll(List.of("-initrd", initrd.toString())));
            command.addAll(List.of("-object", "iothread,id=worker" + tuning.ofThread(), "-blockdev", blockdev(image)));
            String options = ",disable-legacy=on,iothread=worker" + tuning.ofDevice();
            switch (bus) {
                case BLK -> command.addAll(List.of("-device", "virtio-blk-pci,drive=disk" + options));
                case SCSI ->
                    command.addAll(List.of(
                            "-device",
                            "virtio-scsi-pci,id=hba" + options,
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
}
