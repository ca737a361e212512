package vmm.launcher;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import vmm.firmware.smbios.EntryPoint;
import vmm.firmware.smbios.SystemIdentity;
import vmm.machine.ConfigurationException;

/** Reads the value of {@code --smbios}. Pure: looks at no file. */
final class SmbiosOptions {
    private static final int MOST = 255;
    private static final List<String> KEYS =
            List.of("manufacturer", "product", "version", "serial", "uuid", "sku", "family", "entry-point");
    private static final Map<String, EntryPoint> ENTRY_POINTS =
            Map.of("32", EntryPoint.BITS_32, "64", EntryPoint.BITS_64);

    private SmbiosOptions() {}

    /** Who the machine is. */
    static SystemIdentity identity(String text) {
        if (text.isEmpty()) {
            return SystemIdentity.DEFAULT;
        }
        KeyValues values = KeyValues.parse("--smbios", text, KEYS);
        SystemIdentity usual = SystemIdentity.DEFAULT;
        return new SystemIdentity(
                ascii(values, "manufacturer", usual.manufacturer()),
                ascii(values, "product", usual.product()),
                ascii(values, "version", usual.version()),
                ascii(values, "serial", usual.serial()),
                values.get("uuid").map(SmbiosOptions::uuid).orElse(usual.uuid()),
                ascii(values, "sku", usual.sku()),
                ascii(values, "family", usual.family()));
    }

    /** How the guest finds out. */
    static EntryPoint entryPoint(String text) {
        return text.isEmpty()
                ? EntryPoint.BITS_32
                : KeyValues.parse("--smbios", text, KEYS).oneOf("entry-point", "32", ENTRY_POINTS);
    }

    private static String ascii(KeyValues values, String key, String usual) {
        String value = values.get(key).orElse(usual);
        if (value.length() > MOST || !value.chars().allMatch(c -> c >= ' ' && c <= '~')) {
            throw new ConfigurationException("--smbios " + key + "=" + value + " must be at most " + MOST
                    + " printable ASCII characters; shorten or change it.");
        }
        return value;
    }

    private static UUID uuid(String text) {
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException none) {
            throw new ConfigurationException("--smbios uuid=" + text
                    + " is no UUID; write for example uuid=7fb0a4bf-7d5b-44c5-a2e9-7bfb0c8f1a3d.");
        }
    }
}
