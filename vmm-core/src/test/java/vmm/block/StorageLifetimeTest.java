package vmm.block;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StorageLifetimeTest {
    @TempDir
    private Path sys;

    private void attribute(String path, String value) throws IOException {
        Path file = sys.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, value + "\n");
    }

    @Test
    void aPartitionOfAnEmmcDeviceTellsWhatItsDiskDoes() throws IOException {
        attribute("mmcblk0/device/life_time", "0x02 0x0b");
        attribute("mmcblk0/device/pre_eol_info", "0x01");
        Path partition = Files.createDirectories(sys.resolve("mmcblk0/mmcblk0p1"));
        assertEquals(Optional.of(new StorageLifetime(1, 2, 11)), StorageLifetime.find(partition));
    }

    @Test
    void aUfsDiskTellsWhatItsControllerDoes() throws IOException {
        attribute("1d84000.ufs/health_descriptor/eol_info", "0x03");
        attribute("1d84000.ufs/health_descriptor/life_time_estimation_a", "0x01");
        attribute("1d84000.ufs/health_descriptor/life_time_estimation_b", "0x00");
        Path disk = Files.createDirectories(sys.resolve("1d84000.ufs/host0/target0:0:0/0:0:0:0/block/sda"));
        assertEquals(Optional.of(new StorageLifetime(3, 1, 0)), StorageLifetime.find(disk));
    }

    @Test
    void whatMeansNothingIsUnknownAndAnOrdinaryDiskTellsNothing() throws IOException {
        assertEquals(Optional.empty(), StorageLifetime.find(sys));
        attribute("device/life_time", "0x0c what");
        assertEquals(Optional.of(new StorageLifetime(0, 0, 0)), StorageLifetime.find(sys));
        assertEquals(Optional.empty(), StorageLifetime.of(sys.resolve("no such node")));
    }
}
