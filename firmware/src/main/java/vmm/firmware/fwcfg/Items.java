package vmm.firmware.fwcfg;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/** What a fw_cfg device offers, while it is put together. One thread. */
public final class Items {
    /** How long a file's name may be: there are 56 bytes for it, the last of them zero. */
    public static final int MOST_NAME = 55;

    private static final int NAME_SIZE = 56;
    private static final int ENTRY_SIZE = 64;

    private final Map<Integer, Content> keyed = new HashMap<>();
    private final SequencedMap<String, Content> files = new TreeMap<>();

    /** No items yet. */
    public Items() {}

    /** Adds an item with a key of its own. */
    public Items add(Key key, Content content) {
        if (keyed.putIfAbsent(key.number(), content) != null) {
            throw new IllegalArgumentException("There is an item " + key + " already.");
        }
        return this;
    }

    /**
     * Adds a file.
     *
     * @param name 1 to {@value #MOST_NAME} ASCII characters
     */
    public Items add(String name, Content content) {
        if (name.isEmpty() || name.length() > MOST_NAME || !name.chars().allMatch(c -> c > ' ' && c <= '~')) {
            throw new IllegalArgumentException("No file can be called '" + name + "'.");
        }
        if (files.putIfAbsent(name, content) != null) {
            throw new IllegalArgumentException("There is a file " + name + " already.");
        }
        return this;
    }

    /** Adds a file, unless there is one of this name already. */
    public Items addUnlessThere(String name, Content content) {
        return files.containsKey(name) ? this : add(name, content);
    }

    /** All items by key, with the directory of the files among them. */
    Map<Integer, Content> byKey() {
        Map<Integer, Content> all = new HashMap<>(keyed);
        ByteBuffer directory = ByteBuffer.allocate(Integer.BYTES + files.size() * ENTRY_SIZE);
        directory.putInt(files.size());
        int key = Key.FIRST_FILE;
        for (Map.Entry<String, Content> file : files.entrySet()) {
            byte[] name = file.getKey().getBytes(StandardCharsets.US_ASCII);
            directory.putInt((int) file.getValue().size());
            directory.putShort((short) key);
            directory.putShort((short) 0);
            directory.put(name).position(directory.position() + NAME_SIZE - name.length);
            all.put(key++, file.getValue());
        }
        all.put(Key.FILE_DIRECTORY.number(), Content.of(directory.array()));
        return all;
    }
}
