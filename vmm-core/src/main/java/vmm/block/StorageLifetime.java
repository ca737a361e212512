package vmm.block;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How worn flash storage is, as eMMC and UFS devices tell (JESD84-B51 7.4, JESD220 14.1).
 *
 * @param preEol how many of the reserved blocks are used: 1 normal, 2 more than 80 %, 3 more than 90 %; 0 if unknown
 * @param typeA the part of its life that the first kind of memory has behind it, in tenths begun, 1 to 10; 11 if it is
 *     past its life, 0 if unknown
 * @param typeB the same of the second kind of memory
 */
public record StorageLifetime(int preEol, int typeA, int typeB) {
    private static final int MAX_PRE_EOL = 3;
    private static final int MAX_TENTHS = 11;

    /** What the device says; a value that means nothing becomes 0. */
    public StorageLifetime {
        preEol = preEol < 0 || preEol > MAX_PRE_EOL ? 0 : preEol;
        typeA = typeA < 0 || typeA > MAX_TENTHS ? 0 : typeA;
        typeB = typeB < 0 || typeB > MAX_TENTHS ? 0 : typeB;
    }

    /**
     * What a block device of the host tells.
     *
     * @param device its node, as {@code /dev/mmcblk0p1}
     */
    public static Optional<StorageLifetime> of(Path device) {
        try {
            return find(Path.of("/sys/class/block")
                    .resolve(device.toRealPath().getFileName())
                    .toRealPath());
        } catch (IOException unknown) {
            return Optional.empty();
        }
    }

    /** Looks at a directory of sysfs and those above it: the attributes belong to the disk, or to its controller. */
    static Optional<StorageLifetime> find(Path directory) {
        for (Path at = directory; at != null; at = at.getParent()) {
            Path mmc = at.resolve("device");
            if (Files.exists(mmc.resolve("life_time"))) {
                List<String> types = words(mmc.resolve("life_time"));
                return Optional.of(new StorageLifetime(
                        number(words(mmc.resolve("pre_eol_info")), 0), number(types, 0), number(types, 1)));
            }
            Path ufs = at.resolve("health_descriptor");
            if (Files.exists(ufs.resolve("eol_info"))) {
                return Optional.of(new StorageLifetime(
                        number(words(ufs.resolve("eol_info")), 0),
                        number(words(ufs.resolve("life_time_estimation_a")), 0),
                        number(words(ufs.resolve("life_time_estimation_b")), 0)));
            }
        }
        return Optional.empty();
    }

    private static List<String> words(Path attribute) {
        try {
            return List.of(Files.readString(attribute).strip().split("\\s+"));
        } catch (IOException unreadable) {
            return List.of();
        }
    }

    /** A number such as 0x01; 0 if there is none. */
    private static int number(List<String> words, int index) {
        try {
            return index < words.size() ? Integer.decode(words.get(index)) : 0;
        } catch (NumberFormatException odd) {
            return 0;
        }
    }
}
