package vmm.machine;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;
import vmm.block.BlockRequest;
import vmm.block.ErrorPolicyDisk;

/** What a disk remembers, and where. */
class OpenDisksTest {
    private static final OpenDisks.Listener IGNORED = new OpenDisks.Listener() {
        @Override
        public void held(String id, ErrorPolicyDisk disk, BlockRequest.Operation operation, int errno) {}

        @Override
        public void released(ErrorPolicyDisk disk, int errno) {}
    };

    @TempDir
    private Path folder;

    private static DiskConfig disk(BlockOptions image) {
        return new DiskConfig(
                "drive0",
                false,
                "drive0",
                image,
                "",
                Optional.empty(),
                "VMM",
                "VIRTUAL DISK",
                512,
                512,
                false,
                OptionalInt.empty(),
                new DiskAddress.Scsi(List.of()),
                DiskPolicy.DEFAULT);
    }

    private static boolean savesModes(BlockOptions image) {
        DiskConfig config = disk(image);
        try (BlockNodes nodes = new BlockNodes();
                OpenDisks disks = new OpenDisks(nodes, IGNORED)) {
            disks.open(List.of(config));
            return disks.nonvolatile(config, "machine").modes().areKept();
        }
    }

    @Test
    void onlyADiskOfItsOwnImageSavesModePages() throws IOException {
        String image =
                Files.write(folder.resolve("disk.img"), new byte[1 << 16]).toString();

        assertTrue(savesModes(BlockOptions.of(image, false)));
        assertFalse(savesModes(BlockOptions.of(image, true)), "nothing is kept of what is only read");
        BlockOptions shared = new BlockOptions(image, false, Format.RAW, Cache.WRITEBACK, Aio.AUTO, true, true);
        assertFalse(savesModes(shared), "nobody could say whose values those are");
        assertFalse(savesModes(BlockOptions.of("mem:64k", false)), "there is no file to be beside");
    }
}
