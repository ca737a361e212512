package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import vmm.scsi.Cdb;
import vmm.scsi.CommandSet;
import vmm.scsi.CommandTable;
import vmm.scsi.ItlNexus;
import vmm.scsi.Standard;
import vmm.scsi.SupportedCommand;
import vmm.scsi.primary.PrimaryCommands;

class CommandTableTest {
    @Test
    void everyCdbIsAsLongAsItsOperationCodeSays() {
        // SPC-5: groups of operation codes
        for (SupportedCommand<? super DiskNexus> command : DiskCommands.TABLE.commands()) {
            int length = switch (command.operationCode() >>> 5) {
                case 0 -> 6;
                case 1, 2 -> 10;
                case 3 -> 32;
                case 4 -> 16;
                case 5 -> 12;
                default -> throw new AssertionError(command.name());
            };
            assertEquals(length, command.cdbLength(), command.name());
        }
    }

    @Test
    void everyCommandIsFoundByItsOwnUsageData() {
        for (SupportedCommand<? super DiskNexus> command : DiskCommands.TABLE.commands()) {
            Cdb cdb = new Cdb();
            byte[] bytes = command.usage();
            cdb.set(bytes);
            assertSame(command, DiskCommands.TABLE.find(cdb));
        }
    }

    @Test
    void aServiceActionThatIsNotThereIsNotFound() {
        Cdb cdb = new Cdb();
        cdb.set((byte) 0x9e, (byte) 0x11);

        assertNull(DiskCommands.TABLE.find(cdb));
    }

    @Test
    void aTableIsOfTheStandardsOfItsCommands() {
        CommandSet<ItlNexus> set = new CommandSet<>(Standard.SPC_2, List.of(PrimaryCommands.TEST_UNIT_READY));

        assertEquals(Set.of(Standard.SAM_5, Standard.SPC_2), new CommandTable<ItlNexus>(set).standards());
    }

    @Test
    void noCommandIsInATableTwice() {
        SupportedCommand<ItlNexus> command = PrimaryCommands.TEST_UNIT_READY;
        CommandSet<ItlNexus> twice = new CommandSet<>(Standard.SPC_5, List.of(command, command));

        assertThrows(IllegalArgumentException.class, () -> new CommandTable<>(twice));
    }
}
