package vmm.scsi.copy;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.scsi.ParameterList;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/**
 * The parameter list of EXTENDED COPY (SPC-5), checked as far as it can be without looking at a device.
 *
 * @param listId LIST IDENTIFIER, without meaning if not {@code identified}
 * @param identified false if LIST ID USAGE is 11b: nobody can ask for this copy
 * @param held true if the result is to be kept until somebody asks for it
 */
record CopyRequest(
        long listId, boolean identified, boolean held, List<CscdDescriptor> devices, List<SegmentDescriptor> segments) {
    private static final int USAGE_HOLD = 0b00;
    private static final int USAGE_RESERVED = 0b01;
    private static final int USAGE_NO_IDENTIFIER = 0b11;

    /** Where the fields are that the two forms of the list have in different places. */
    private record Form(int header, int cscdLength, int segmentLength, int inlineLength, int listId) {}

    private static final Form LID1 = new Form(16, 2, 8, 12, 0);
    private static final Form LID4 = new Form(48, 42, 44, 46, 20);

    // EXTENDED COPY (LID4) only
    private static final int FORMAT = 0x01;
    private static final int HEADER_CSCD_LENGTH = 0x20;
    private static final int HEADER_CSCD_TYPE = 0xff;
    private static final int IMMED = 1;

    /** The list of EXTENDED COPY (LID1); null if the command has ended. */
    static @Nullable CopyRequest lid1(ScsiTask task, ParameterList list) {
        if (!isWhole(task, list, LID1.header)) {
            return null;
        }
        return read(
                task,
                list,
                LID1,
                list.u8(LID1.listId),
                list.u16(LID1.cscdLength),
                list.u32(LID1.segmentLength),
                list.u32(LID1.inlineLength));
    }

    /** The list of EXTENDED COPY (LID4); null if the command has ended. */
    static @Nullable CopyRequest lid4(ScsiTask task, ParameterList list) {
        if (!isWhole(task, list, LID4.header)) {
            return null;
        }
        if (list.u8(0) != FORMAT) {
            task.invalidParameter(0, ScsiTask.WHOLE_BYTE);
        } else if (list.u16(2) != HEADER_CSCD_LENGTH) {
            task.invalidParameter(2, ScsiTask.WHOLE_BYTE);
        } else if (list.has(15, IMMED)) {
            // There is no copy that goes on when its command has ended
            task.invalidParameter(15, 0);
        } else if (list.u8(16) != HEADER_CSCD_TYPE) {
            task.invalidParameter(16, ScsiTask.WHOLE_BYTE);
        } else {
            return read(
                    task,
                    list,
                    LID4,
                    list.u32(LID4.listId),
                    list.u16(LID4.cscdLength),
                    list.u16(LID4.segmentLength),
                    list.u16(LID4.inlineLength));
        }
        return null;
    }

    private static boolean isWhole(ScsiTask task, ParameterList list, long length) {
        if (list.length() < length) {
            task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
            return false;
        }
        return true;
    }

    private static @Nullable CopyRequest read(
            ScsiTask task, ParameterList list, Form form, long listId, int cscds, long segments, long inline) {
        int usage = list.u8(1) >>> 3 & 0b11;
        if (usage == USAGE_RESERVED || (usage == USAGE_NO_IDENTIFIER && listId != 0)) {
            task.invalidParameter(usage == USAGE_RESERVED ? 1 : form.listId, ScsiTask.WHOLE_BYTE);
            return null;
        }
        if (inline != 0) {
            task.fail(SenseCode.INLINE_DATA_LENGTH_EXCEEDED);
            return null;
        }
        if (cscds + segments > CopyLimits.DESCRIPTOR_LIST_LENGTH || cscds % CscdDescriptor.LENGTH != 0) {
            task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
            return null;
        }
        if (!isWhole(task, list, form.header + cscds + segments)) {
            return null;
        }
        List<CscdDescriptor> devices = devices(task, list, form.header, cscds);
        if (devices == null) {
            return null;
        }
        int start = form.header + cscds;
        List<SegmentDescriptor> parts = segments(task, list, start, start + (int) segments);
        return parts == null
                ? null
                : new CopyRequest(listId, usage != USAGE_NO_IDENTIFIER, usage == USAGE_HOLD, devices, parts);
    }

    private static @Nullable List<CscdDescriptor> devices(ScsiTask task, ParameterList list, int start, int length) {
        if (length / CscdDescriptor.LENGTH > CopyLimits.CSCD_COUNT) {
            task.fail(SenseCode.TOO_MANY_TARGET_DESCRIPTORS);
            return null;
        }
        List<CscdDescriptor> devices = new ArrayList<>();
        for (int at = start; at < start + length; at += CscdDescriptor.LENGTH) {
            if (list.u8(at) != CscdDescriptor.IDENTIFICATION) {
                task.fail(SenseCode.UNSUPPORTED_TARGET_DESCRIPTOR_TYPE_CODE);
                return null;
            }
            devices.add(CscdDescriptor.parse(list, at));
        }
        return devices;
    }

    private static @Nullable List<SegmentDescriptor> segments(ScsiTask task, ParameterList list, int start, int end) {
        List<SegmentDescriptor> segments = new ArrayList<>();
        for (int at = start; at < end; ) {
            int length = SegmentDescriptor.lengthOf(list.u8(at));
            if (segments.size() == CopyLimits.SEGMENT_COUNT) {
                task.fail(SenseCode.TOO_MANY_SEGMENT_DESCRIPTORS);
                return null;
            }
            if (length == 0) {
                task.fail(SenseCode.UNSUPPORTED_SEGMENT_DESCRIPTOR_TYPE_CODE);
                return null;
            }
            if (length > end - at) {
                task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
                return null;
            }
            if (list.u16(at + 2) != length - SegmentDescriptor.HEADER) {
                task.invalidParameter(at + 2, ScsiTask.WHOLE_BYTE);
                return null;
            }
            segments.add(SegmentDescriptor.parse(list, at));
            at += length;
        }
        return segments;
    }
}
