package vmm.iscsi;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.linux.HostException;
import vmm.scsi.DiskIdentity;
import vmm.scsi.LogicalUnit;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;

/**
 * What a logical unit is to be.
 *
 * @param source where its blocks are: a path, {@code null:SIZE} or {@code mem:SIZE}
 * @param readOnly true if it is write protected
 * @param removable true if the medium can be taken out
 * @param geometry how it is divided into blocks
 */
public record LunOptions(String source, boolean readOnly, boolean removable, DiskGeometry geometry) {
    private static final List<String> SCHEMES = List.of("null:", "mem:");
    private static final List<String> KEYS =
            List.of("file", "readonly", "removable", "logical-block", "physical-block");

    /**
     * Reads {@code KEY=VALUE,KEY=VALUE,...}; a key alone means {@code on}.
     *
     * @throws HostException if that makes no sense
     */
    public static LunOptions parse(String text) {
        Map<String, String> values = new HashMap<>();
        for (String part : (SCHEMES.stream().anyMatch(text::startsWith) ? "file=" + text : text).split(",", -1)) {
            String key = part.replaceFirst("=.*", "");
            if (!KEYS.contains(key)) {
                throw new HostException("--disk has no key " + key + "; it knows " + String.join(", ", KEYS) + ".");
            }
            values.put(key, part.contains("=") ? part.replaceFirst("[^=]*=", "") : "on");
        }
        String file = values.get("file");
        if (file == null) {
            throw new HostException("--disk " + text + " does not say where the data is; write file=PATH.");
        }
        try {
            int logical = Integer.parseInt(values.getOrDefault("logical-block", "512"));
            int physical = Integer.parseInt(values.getOrDefault("physical-block", Integer.toString(logical)));
            return new LunOptions(
                    file, isOn(values, "readonly"), isOn(values, "removable"), new DiskGeometry(logical, physical));
        } catch (IllegalArgumentException wrong) {
            throw new HostException("--disk " + text + ": " + wrong.getMessage(), wrong);
        }
    }

    private static boolean isOn(Map<String, String> values, String key) {
        return values.getOrDefault(key, "off").equals("on");
    }

    /** Opens what its blocks are in. */
    public BlockDevice open() {
        return BlockDevices.open(source, readOnly);
    }

    /** The logical unit. */
    public LogicalUnit unit(BlockDevice medium, String serial) {
        DiskIdentity identity = DiskIdentity.DEFAULT.withSerial(serial).withLocalName();
        return new ScsiDisk(medium, identity, geometry, true, removable);
    }
}
