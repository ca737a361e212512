package vmm.scsi.primary;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.HostException;
import vmm.scsi.SideFile;

/**
 * The saved values of a logical unit's mode pages (SPC-5, MODE SELECT with SP), if it has some. They outlive the
 * logical unit, and the virtual machine. Any thread may call; saving waits for the disk.
 *
 * <p>Pages that can be changed are saved. Of what was saved by an older version, or for another kind of disk, counts
 * what can be changed now.
 */
public final class SavedModes {
    private static final Logger log = LoggerFactory.getLogger(SavedModes.class);
    private static final String PAGE = "page";

    private static final SavedModes NONE = new SavedModes(null, Map.of());

    private final @Nullable SideFile file;

    /** Whole pages by page code and subpage code. Replaced, never changed. */
    private volatile Map<Integer, byte[]> pages;

    private SavedModes(@Nullable SideFile file, Map<Integer, byte[]> pages) {
        this.file = file;
        this.pages = pages;
    }

    /** No saved values: saving is refused. */
    public static SavedModes none() {
        return NONE;
    }

    /**
     * Saved values in a file.
     *
     * @param path need not exist; made when something is saved for the first time
     * @throws HostException if the file is there and cannot be understood
     */
    public static SavedModes inFile(Path path) {
        SideFile file = new SideFile(path, "mode parameters, format 1");
        try {
            Map<Integer, byte[]> read = new HashMap<>();
            for (String line : file.read().orElse(List.of())) {
                take(line, read);
            }
            return new SavedModes(file, read);
        } catch (IOException e) {
            throw new HostException(
                    "The mode parameters in " + path + " cannot be used (" + e.getMessage()
                            + "): repair the file, or remove it to let its disk have the default ones.",
                    e);
        }
    }

    private static void take(String line, Map<Integer, byte[]> pages) throws IOException {
        try {
            if (!line.startsWith(PAGE + " ")) {
                throw new IllegalArgumentException("no page");
            }
            byte[] values = HexFormat.of().parseHex(line.substring(PAGE.length() + 1));
            pages.put(key(new ModePage(line, values, values)), values);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException("the line \"" + line + "\" is wrong", e);
        }
    }

    private static int key(ModePage page) {
        return page.code() << 8 | page.subpage();
    }

    /** True if values can be saved. */
    public boolean areKept() {
        return file != null;
    }

    /** True if a page is among those that are saved: PS of the page (SPC-5). */
    boolean keep(ModePage page) {
        return areKept() && page.isChangeable();
    }

    /** True if nothing has been saved. */
    boolean isEmpty() {
        return pages.isEmpty();
    }

    /** The saved values of a page, or its default ones if there are none; not to be changed. */
    byte[] of(ModePage page) {
        byte[] saved = pages.get(key(page));
        return saved == null || saved.length != page.defaults().length ? page.defaults() : page.changedTo(saved);
    }

    /**
     * Saves the values of pages.
     *
     * @param values in the order of {@code all}
     * @return false if that was not possible; then what was saved before still is
     */
    synchronized boolean save(List<ModePage> all, byte[][] values) {
        if (file == null) {
            return false;
        }
        Map<Integer, byte[]> next = new HashMap<>();
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            if (all.get(i).isChangeable()) {
                next.put(key(all.get(i)), values[i]);
                lines.add(PAGE + " " + HexFormat.of().formatHex(values[i]));
            }
        }
        try {
            file.write(lines, true);
        } catch (IOException e) {
            log.warn("Mode parameters cannot be saved, so the guest's command fails: {}.", e.getMessage());
            return false;
        }
        pages = next;
        return true;
    }
}
