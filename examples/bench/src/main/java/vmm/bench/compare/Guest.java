package vmm.bench.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;
import vmm.guests.BuiltinGuest;

/** What boots on both VMMs. It runs rows as it is told on its command line, and tells of each on the console. */
sealed interface Guest {
    /** For people. */
    String description();

    Path kernel();

    Optional<Path> initrd();

    /** Guest RAM. */
    int memoryMib();

    /** The processor that QEMU is to show it. */
    String qemuCpu();

    /** The VMM's exit status after a good run. */
    int goodStatus();

    /** How long it may take beside the rows. */
    long patienceSeconds();

    /** The rows that a comparison has with this guest. */
    List<Row> rows();

    /** Makes it run rows of one bus, each twice: for {@code warmUp} seconds, then for {@code seconds}. */
    String commandLine(List<Row> rows, double warmUp, double seconds);

    /**
     * The bare-metal guest that polls.
     *
     * @param kernel the file of {@link BuiltinGuest#LOAD}
     */
    record Polling(Path kernel) implements Guest {
        /**
         * About what a driver takes between an answer and the next request. QEMU looks for work less than a microsecond
         * after it has answered: a guest that asks sooner has to ring the doorbell, which is most of what a request
         * costs, and one that asks later has not.
         */
        private static final int THINK_NANOS = 1000;

        @Override
        public String description() {
            return "a bare-metal guest that polls from CPL 3";
        }

        @Override
        public Optional<Path> initrd() {
            return Optional.empty();
        }

        @Override
        public int memoryMib() {
            return 128;
        }

        @Override
        public String qemuCpu() {
            // Without what some KVMs refuse, which this guest does not miss.
            return "qemu64,-cx16";
        }

        @Override
        public int goodStatus() {
            return BuiltinGuest.SUCCESS_STATUS;
        }

        @Override
        public long patienceSeconds() {
            return 60;
        }

        @Override
        public List<Row> rows() {
            List<Row> rows = new ArrayList<>();
            for (Row row : Row.matrix(1, 4, 32, 128)) {
                rows.add(row);
                if (row.depth() == 1) {
                    rows.add(row.thinking(THINK_NANOS));
                }
            }
            return rows;
        }

        @Override
        public String commandLine(List<Row> rows, double warmUp, double seconds) {
            StringJoiner jobs = new StringJoiner(" then ");
            for (Row row : rows) {
                jobs.add("dev=" + row.bus().word() + " rw=" + row.access() + " bs=" + row.blockSize() + " qd="
                        + row.depth() + " think-ns=" + row.thinkNanos() + " seconds=" + warmUp);
                jobs.add("seconds=" + seconds);
            }
            return jobs.toString();
        }
    }

    /**
     * Linux with fio.
     *
     * @param kernel a bzImage
     * @param disks an initial RAM disk of {@link LinuxFiles}
     */
    record Linux(Path kernel, Path disks) implements Guest {
        @Override
        public String description() {
            return "Linux with fio (libaio, O_DIRECT)";
        }

        @Override
        public Optional<Path> initrd() {
            return Optional.of(disks);
        }

        @Override
        public int memoryMib() {
            return 512;
        }

        @Override
        public String qemuCpu() {
            return "host";
        }

        @Override
        public int goodStatus() {
            return 0;
        }

        @Override
        public long patienceSeconds() {
            return 600;
        }

        @Override
        public List<Row> rows() {
            return Row.matrix(1, 32);
        }

        @Override
        public String commandLine(List<Row> rows, double warmUp, double seconds) {
            StringJoiner jobs = new StringJoiner(",");
            for (Row row : rows) {
                jobs.add(row.access() + ":" + row.blockSize() + ":" + row.depth());
            }
            return String.format(
                    Locale.ROOT,
                    "console=ttyS0 quiet panic=-1 bus=%s warm-up=%.0f seconds=%.0f rows=%s",
                    rows.getFirst().bus().word(),
                    warmUp,
                    seconds,
                    jobs);
        }
    }
}
