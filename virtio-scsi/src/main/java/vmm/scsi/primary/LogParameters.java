package vmm.scsi.primary;

import vmm.scsi.ParameterData;

/** Log parameters of a page (SPC-5 7.3.2), put together one after the other. */
public final class LogParameters {
    /** FORMAT AND LINKING: a data counter that stays within its bounds. */
    private static final int BOUNDED_COUNTER = 0b00;

    /** FORMAT AND LINKING: data counters without bounds. */
    private static final int UNBOUNDED_COUNTERS = 0b10;

    /** FORMAT AND LINKING: a list in binary. */
    private static final int BINARY_LIST = 0b11;

    private final ParameterData data;
    private final int first;

    /**
     * Parameters behind what {@code data} has already.
     *
     * @param first those with smaller codes are left out
     */
    LogParameters(ParameterData data, int first) {
        this.data = data;
        this.first = first;
    }

    /**
     * Adds a counter.
     *
     * @param width in bytes, 4 or 8
     */
    public LogParameters counter(int code, int width, long value) {
        if (code >= first) {
            data.u16(code).u8(BOUNDED_COUNTER).u8(width);
            if (width == Long.BYTES) {
                data.u64(value);
            } else {
                data.u32(value);
            }
        }
        return this;
    }

    /** Adds several counters that are one parameter. */
    public LogParameters counters(int code, ParameterData values) {
        return add(code, UNBOUNDED_COUNTERS, values);
    }

    /** Adds a list. */
    public LogParameters list(int code, ParameterData value) {
        return add(code, BINARY_LIST, value);
    }

    private LogParameters add(int code, int format, ParameterData value) {
        if (code >= first) {
            data.u16(code).u8(format).u8(value.length()).bytes(value.bytes(), value.length());
        }
        return this;
    }
}
