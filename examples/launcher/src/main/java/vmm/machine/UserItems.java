package vmm.machine;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import vmm.firmware.boot.BootFile;
import vmm.firmware.fwcfg.Content;
import vmm.firmware.fwcfg.Items;
import vmm.linux.HostException;

/** What the user tells the guest by fw_cfg, with its files open. */
final class UserItems implements AutoCloseable {
    private static final long MOST = 0xffff_ffffL;

    private final Teardown teardown = new Teardown();
    private final Map<String, Content> contents = new LinkedHashMap<>();

    /**
     * Opens the files.
     *
     * @throws HostException if one cannot be read
     */
    UserItems(List<FwCfgItem> items) {
        try {
            for (FwCfgItem item : items) {
                contents.put(item.name(), content(item));
            }
        } catch (Throwable failure) {
            teardown.close();
            throw failure;
        }
    }

    private Content content(FwCfgItem item) {
        return switch (item.value()) {
            case FwCfgItem.Value.Text text -> Content.text(text.text());
            case FwCfgItem.Value.FileContents contents -> {
                BootFile file = teardown.opened(BootFile.open("file of fw_cfg item " + item.name(), contents.file()));
                if (file.size() > MOST) {
                    throw new HostException("The file " + file.path() + " has " + file.size()
                            + " bytes, and a fw_cfg item has less than 4 GiB: make it smaller.");
                }
                yield Content.of(file, 0, file.size());
            }
        };
    }

    void addTo(Items items) {
        contents.forEach(items::add);
    }

    @Override
    public void close() {
        teardown.close();
    }
}
