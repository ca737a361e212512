package vmm.scsi.copy;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import vmm.scsi.Command;
import vmm.scsi.CommandTable;
import vmm.scsi.CommandTimeouts;
import vmm.scsi.ItlNexus;
import vmm.scsi.ParameterData;
import vmm.scsi.ParameterList;
import vmm.scsi.ReservationClass;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;
import vmm.scsi.SupportedCommand;

/** The commands of a copy manager (SPC-5), as entries for a {@link CommandTable}, and the page that tells of them. */
public final class ThirdPartyCopy {
    private static final int EXTENDED_COPY = 0x83;
    private static final int EXTENDED_COPY_LID1 = 0x00;
    private static final int EXTENDED_COPY_LID4 = 0x01;

    private static final int RECEIVE_COPY_RESULTS = 0x84;
    private static final int RECEIVE_COPY_STATUS_LID1 = 0x00;
    private static final int RECEIVE_COPY_OPERATING_PARAMETERS = 0x03;
    private static final int RECEIVE_COPY_STATUS_LID4 = 0x05;

    /** Parses one of the two forms of the parameter list; null if the command has ended. */
    private interface Form {
        @Nullable
        CopyRequest read(ScsiTask task, ParameterList list);
    }

    private interface Part {
        void execute(CopyManager manager, ScsiTask task);
    }

    private ThirdPartyCopy() {}

    /**
     * All of them.
     *
     * @param manager finds the copy manager of a logical unit as a nexus knows it
     */
    public static <N extends ItlNexus> List<SupportedCommand<N>> commands(Function<N, CopyManager> manager) {
        return List.of(
                copy("EXTENDED COPY (LID1)", EXTENDED_COPY_LID1, manager, CopyRequest::lid1),
                copy("EXTENDED COPY (LID4)", EXTENDED_COPY_LID4, manager, CopyRequest::lid4),
                receive(
                        "RECEIVE COPY STATUS (LID1)",
                        "84 00 ff 00 00 00 00 00 00 00 ff ff ff ff 00 04",
                        manager,
                        ThirdPartyCopy::statusLid1),
                receive(
                        "RECEIVE COPY OPERATING PARAMETERS",
                        "84 03 00 00 00 00 00 00 00 00 ff ff ff ff 00 04",
                        manager,
                        ThirdPartyCopy::operatingParameters),
                receive(
                        "RECEIVE COPY STATUS (LID4)",
                        "84 05 ff ff ff ff 00 00 00 00 ff ff ff ff 00 04",
                        manager,
                        ThirdPartyCopy::statusLid4));
    }

    private static <N extends ItlNexus> SupportedCommand<N> copy(
            String name, int action, Function<N, CopyManager> manager, Form form) {
        Command<N> command = (nexus, task) -> copy(manager.apply(nexus), task, action, form);
        String usage = "83 %02x 00 00 00 00 00 00 00 00 ff ff ff ff 00 04".formatted(action);
        return SupportedCommand.ofAction(name, usage, command).taking(CommandTimeouts.WHOLE_DISK);
    }

    private static <N extends ItlNexus> SupportedCommand<N> receive(
            String name, String usage, Function<N, CopyManager> manager, Part part) {
        Command<N> command = (nexus, task) -> part.execute(manager.apply(nexus), task);
        return SupportedCommand.ofAction(name, usage, command).under(ReservationClass.READ);
    }

    private static void copy(CopyManager manager, ScsiTask task, int action, Form form) {
        long length = task.cdb().u32(10);
        if (length == 0) {
            // SPC-5: nothing to do, and that is no error
            task.end(ScsiStatus.GOOD);
            return;
        }
        ParameterList list = task.parameterList(length);
        CopyRequest request = list == null ? null : form.read(task, list);
        if (request == null) {
            return;
        }
        if (manager.isBusy(request)) {
            task.fail(SenseCode.OPERATION_IN_PROGRESS);
        } else if (!manager.mayBegin()) {
            task.end(ScsiStatus.BUSY);
        } else if (task.medium().borrowScratch()) {
            CopyStatus status = new CopyStatus(action);
            manager.began(request, status);
            new CopyOperation(manager, task, request, status).begin();
        }
    }

    private static void statusLid1(CopyManager manager, ScsiTask task) {
        CopyStatus status = manager.ask(task.cdb().u8(2));
        if (status == null) {
            task.invalidField(2, ScsiTask.WHOLE_BYTE);
        } else {
            answer(task, status.lid1());
        }
    }

    private static void statusLid4(CopyManager manager, ScsiTask task) {
        CopyStatus status = manager.ask(task.cdb().u32(2));
        if (status == null) {
            task.invalidField(2, ScsiTask.WHOLE_BYTE);
        } else {
            answer(task, status.lid4());
        }
    }

    private static void operatingParameters(CopyManager manager, ScsiTask task) {
        ParameterData data = new ParameterData()
                .u32(0)
                .u8(0) // SNLID: list identifiers are needed
                .zeros(3)
                .u16(CopyLimits.CSCD_COUNT)
                .u16(CopyLimits.SEGMENT_COUNT)
                .u32(CopyLimits.DESCRIPTOR_LIST_LENGTH)
                .u32(CopyLimits.SEGMENT_LENGTH)
                .u32(0) // MAXIMUM INLINE DATA LENGTH
                .u32(0) // HELD DATA LIMIT
                .u32(0) // MAXIMUM STREAM DEVICE TRANSFER SIZE
                .zeros(2)
                .u16(CopyLimits.CONCURRENT_COPIES)
                .u8(CopyLimits.CONCURRENT_COPIES)
                .u8(CopyLimits.GRANULARITY)
                .u8(0)
                .u8(0)
                .zeros(3)
                .u8(CopyLimits.DESCRIPTOR_TYPES.length);
        for (int type : CopyLimits.DESCRIPTOR_TYPES) {
            data.u8(type);
        }
        data.set32(0, data.length() - 4L);
        answer(task, data);
    }

    private static void answer(ScsiTask task, ParameterData data) {
        task.answer(data, task.cdb().u32(10));
    }

    /** The Third-Party Copy page (SPC-5, VPD page 8Fh), after its header. */
    public static void vitalProductData(ItlNexus nexus, ParameterData data) {
        supportedCommands(data);

        // Parameter Data
        data.u16(0x0004)
                .u16(28)
                .zeros(4)
                .u16(CopyLimits.CSCD_COUNT)
                .u16(CopyLimits.SEGMENT_COUNT)
                .u32(CopyLimits.DESCRIPTOR_LIST_LENGTH)
                .u32(0)
                .zeros(12);

        // Supported Descriptors
        int types = CopyLimits.DESCRIPTOR_TYPES.length;
        int padded = 1 + types + 3 & ~3;
        data.u16(0x0008).u16(padded).u8(types);
        for (int type : CopyLimits.DESCRIPTOR_TYPES) {
            data.u8(type);
        }
        data.zeros(padded - 1 - types);

        // Supported CSCD Descriptor IDs: none but those that the list itself defines
        data.u16(0x000c).u16(4).u16(0).zeros(2);

        // General Copy Operations
        data.u16(0x8001)
                .u16(32)
                .u32(CopyLimits.CONCURRENT_COPIES)
                .u32(CopyLimits.CONCURRENT_COPIES)
                .u32(CopyLimits.SEGMENT_LENGTH)
                .u8(CopyLimits.GRANULARITY)
                .u8(0)
                .zeros(18);
    }

    private static void supportedCommands(ParameterData data) {
        byte[] copy = {(byte) EXTENDED_COPY, 2, EXTENDED_COPY_LID1, EXTENDED_COPY_LID4};
        byte[] receive = {
            (byte) RECEIVE_COPY_RESULTS,
            3,
            RECEIVE_COPY_STATUS_LID1,
            RECEIVE_COPY_OPERATING_PARAMETERS,
            RECEIVE_COPY_STATUS_LID4
        };
        int length = copy.length + receive.length;
        int padded = 1 + length + 3 & ~3;
        data.u16(0x0001).u16(padded).u8(length).bytes(copy).bytes(receive).zeros(padded - 1 - length);
    }
}
