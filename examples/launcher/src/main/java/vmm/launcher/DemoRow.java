package vmm.launcher;

import java.util.List;

/**
 * A line of the demonstration's summary.
 *
 * @param what the property
 * @param scsi what the guest saw of the virtio-scsi disk
 * @param blk what the guest saw of the virtio-blk disk
 */
record DemoRow(String what, String scsi, String blk) {
    /** The rows as a table with aligned columns. */
    static String table(List<DemoRow> rows) {
        StringBuilder table = new StringBuilder();
        int widest = rows.stream().mapToInt(row -> row.scsi().length()).max().orElse(0);
        for (DemoRow row : rows) {
            table.append("  %-16s %-30s %s%n".formatted(row.what(), pad(row.scsi(), widest), row.blk()));
        }
        return table.toString();
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(width - text.length());
    }
}
